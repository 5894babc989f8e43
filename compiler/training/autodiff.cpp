#include "compiler/training/autodiff.h"

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/graph/build.h"
#include "compiler/graph/index_map.h"
#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"
#include "compiler/training/autodiff_scan.h"
#include "compiler/training/factor.h"

namespace netc::training {

namespace {

using namespace graph;

// The adjoint of a value: d scalar / d value, element by element. It is not made into a tensor of that shape
// before somebody needs one: it is one number for all elements, or element d is source[map(d)], which is
// never outside of the source.
struct Adjoint {
  std::optional<double> uniform;
  ValueId source{};
  IndexMap map;
};

class Backward {
 public:
  explicit Backward(Graph& graph) : graph_(graph), builder_(graph) {}

  void seed(ValueId id, Adjoint adjoint) {
    contributions_.resize(graph_.nodes.size());
    contributions_[index(id)].push_back(std::move(adjoint));
  }

  // Walks back from `last`; returns the adjoints of the wanted values, as tensors of their extents.
  std::vector<ValueId> run(ValueId last, const std::vector<ValueId>& wanted) {
    mark_active(last, wanted);
    for (std::size_t i = index(last) + 1; i-- > 0;) {
      if (active_[i]) visit(static_cast<ValueId>(i));
    }
    std::vector<ValueId> gradients;
    for (ValueId id : wanted) {
      set_span(graph_[id].span);
      std::optional<Adjoint> adjoint = take(id);
      Adjoint zero{.uniform = 0, .source = {}, .map = {}};
      gradients.push_back(materialize(adjoint ? *adjoint : zero, Extents(graph_.type(id).extents)));
    }
    return gradients;
  }

 private:
  void set_span(Span span) {
    span_ = span;
    builder_.set_span(span);
  }

  // Active is what depends on a wanted value.
  void mark_active(ValueId last, const std::vector<ValueId>& wanted) {
    active_.assign(index(last) + 1, false);
    contributions_.resize(graph_.nodes.size());
    for (ValueId id : wanted) {
      if (index(id) <= index(last)) active_[index(id)] = true;
    }
    for (std::size_t i = 0; i <= index(last); ++i) {
      const Node& node = graph_.nodes[i];
      // A scan's own type is only that of its first result.
      if (node.type.dtype != DType::kF32 && !std::holds_alternative<Scan>(node.op)) continue;
      for (ValueId operand : node.operands) {
        if (active_[index(operand)]) active_[i] = true;
      }
    }
    uses_.assign(index(last) + 1, 0);
    for (std::size_t i = 0; i <= index(last); ++i) {
      if (!active_[i]) continue;
      for (ValueId operand : graph_.nodes[i].operands) ++uses_[index(operand)];
    }
  }
  bool is_active(ValueId id) const { return index(id) < active_.size() && active_[index(id)]; }

  void contribute(ValueId id, Adjoint adjoint) {
    if (is_active(id)) contributions_[index(id)].push_back(std::move(adjoint));
  }
  void contribute(ValueId id, ValueId tensor) {
    contribute(id,
               {.uniform = {}, .source = tensor, .map = identity_map(graph_.type(tensor).extents.size())});
  }

  // The sum of the contributions, which stays theirs.
  std::optional<Adjoint> take(ValueId id) {
    reduce_scattered(id);
    std::vector<Adjoint>& parts = contributions_[index(id)];
    if (parts.empty()) return std::nullopt;
    if (parts.size() > 1) {
      Adjoint sum = sum_of(parts, Extents(graph_.type(id).extents));
      parts.assign(1, std::move(sum));
    }
    return parts[0];
  }

  Adjoint sum_of(const std::vector<Adjoint>& parts, const Extents& extents) {
    ScalarExpr expr;
    std::vector<ValueId> operands;
    std::vector<IndexMap> maps;
    expr.root = expr.pool.constant(0);
    for (const Adjoint& part : parts) {
      ScalarId term = expr.pool.constant(part.uniform.value_or(0));
      if (!part.uniform) {
        term = expr.pool.operand(static_cast<std::uint32_t>(operands.size()));
        operands.push_back(part.source);
        maps.push_back(part.map);
      }
      expr.root = expr.pool.binary(ScalarOp::kAdd, expr.root, term);
    }
    return mapped(std::move(expr), extents, std::move(operands), std::move(maps));
  }

  // A map node, or less where the expression is a constant or an operand.
  Adjoint mapped(ScalarExpr expr, const Extents& extents, std::vector<ValueId> operands,
                 std::vector<IndexMap> maps) {
    const ScalarNode& root = expr.pool[expr.root];
    if (root.op == ScalarOp::kConstant) return {.uniform = root.value, .source = {}, .map = {}};
    if (root.op == ScalarOp::kOperand) {
      const ValueId source = operands[root.operand];
      const IndexMap& map = maps[root.operand];
      if (stays_inside(map, extents, graph_.type(source).extents))
        return {.uniform = {}, .source = source, .map = map};
    }
    ValueId tensor = builder_.map(std::move(expr), extents, std::move(operands), std::move(maps));
    return {.uniform = {}, .source = tensor, .map = identity_map(extents.size())};
  }

  ValueId materialize(const Adjoint& adjoint, const Extents& extents) {
    if (adjoint.uniform) {
      TensorType type{DType::kF32, extents};
      return graph_.add(
          {.op = Constant{{*adjoint.uniform}}, .operands = {}, .type = type, .name = {}, .span = span_});
    }
    if (is_identity(adjoint.map) && graph_.type(adjoint.source).extents == extents) return adjoint.source;
    ScalarExpr copy;
    copy.root = copy.pool.operand(0);
    return builder_.map(std::move(copy), extents, {adjoint.source}, {adjoint.map});
  }

  // The adjoint of a value of `extents`, read at `map` from the points of `domain`: a node and where to read
  // it.
  struct Reading {
    ValueId source;
    IndexMap map;
  };
  Reading reading(const Adjoint& adjoint, const Extents& extents, const IndexMap& map,
                  const Extents& domain) {
    bool is_inside = stays_inside(map, domain, extents);
    if (adjoint.uniform && is_inside) return {builder_.constant(*adjoint.uniform), {}};
    if (!adjoint.uniform && is_inside) return {adjoint.source, compose(adjoint.map, map)};
    return {materialize(adjoint, extents), map};
  }

  // operand[place(d)] += adjoint[d] for d in the domain.
  void scatter(ValueId operand, const Adjoint& adjoint, const Extents& domain, const IndexMap& place) {
    if (!is_active(operand)) return;
    const Extents extents = graph_.type(operand).extents;
    if (std::optional<IndexMap> inverse = inverse_of(place, domain.size())) {
      if (!stays_inside(*inverse, extents, domain)) {
        // What is read outside of the domain is 0.
        const Adjoint whole{.uniform = {}, .source = materialize(adjoint, domain), .map = *inverse};
        return contribute(operand, materialize(whole, extents));
      }
      Adjoint moved = adjoint;
      if (!adjoint.uniform) moved.map = compose(adjoint.map, *inverse);
      contribute(operand, std::move(moved));
      return;
    }
    if (uses_[index(operand)] == 1)
      return contribute(operand, scattered_sum(operand, adjoint, domain, place));
    scattered_[index(operand)].push_back({adjoint, domain, place});
  }

  ValueId scattered_sum(ValueId operand, const Adjoint& adjoint, const Extents& domain,
                        const IndexMap& place) {
    Reading from = reading(adjoint, domain, identity_map(domain.size()), domain);
    return builder_.reduce(ReduceKind::kSum, from.source, domain, std::move(from.map), place,
                           Extents(graph_.type(operand).extents));
  }

  // Adjoints that are scattered alike are added up first, so that one sum is enough.
  void reduce_scattered(ValueId id) {
    auto found = scattered_.find(index(id));
    if (found == scattered_.end()) return;
    std::vector<Scattered> left = std::move(found->second);
    scattered_.erase(found);
    while (!left.empty()) {
      const Scattered first = left[0];
      auto is_alike = [&](const Scattered& other) {
        return other.domain == first.domain && other.place == first.place;
      };
      std::vector<Adjoint> parts;
      for (const Scattered& other : left) {
        if (is_alike(other)) parts.push_back(other.adjoint);
      }
      std::erase_if(left, is_alike);
      const Adjoint sum = parts.size() == 1 ? parts[0] : sum_of(parts, first.domain);
      contribute(id, scattered_sum(id, sum, first.domain, first.place));
    }
  }

  void visit(ValueId id) {
    // Adding nodes moves the graph's, so the rule works on a copy of what it reads; bodies and expressions
    // are small.
    const Node node = graph_[id];
    set_span(node.span);
    if (std::holds_alternative<Scan>(node.op)) return pull_scan(id, node);
    std::optional<Adjoint> adjoint = take(id);
    if (!adjoint) return;
    std::visit(overloaded{
                   [](const Input&) {},
                   [](const Parameter&) {},
                   [](const State&) {},
                   [](const Constant&) {},
                   [](const Iota&) {},
                   [](const Random&) {},
                   [](const Scan&) {},
                   [&](const Map& op) { pull(id, node, op, *adjoint); },
                   [&](const auto& op) { pull(node, op, *adjoint); },
               },
               node.op);
  }

  void pull(ValueId id, const Node& node, const Map& op, const Adjoint& adjoint) {
    std::vector<ValueId> operands = node.operands;
    std::vector<IndexMap> maps = op.operands;
    auto result_place = static_cast<std::uint32_t>(operands.size()), adjoint_place = result_place + 1;
    operands.push_back(id);
    maps.push_back(identity_map(node.type.extents.size()));
    if (!adjoint.uniform) {
      operands.push_back(adjoint.source);
      maps.push_back(adjoint.map);
    }
    std::vector<std::optional<ScalarExpr>> exprs(node.operands.size());
    for (std::uint32_t i = 0; i < node.operands.size(); ++i) {
      if (!is_active(node.operands[i])) continue;
      ScalarExpr expr = pull_back(op.expr, i, adjoint_place, result_place);
      if (adjoint.uniform) expr = with_constant(expr, adjoint_place, *adjoint.uniform);
      if (!expr.pool.is_constant(expr.root, 0)) exprs[i] = std::move(expr);
    }
    // Operands that enter alike, as in a sum, share one node.
    std::vector<std::pair<ScalarExpr, Adjoint>> done;
    for (std::uint32_t i = 0; i < node.operands.size(); ++i) {
      if (!exprs[i]) continue;
      const bool is_shared = std::ranges::count(exprs, exprs[i]) > 1;
      if (!is_shared && pull_factored(node, *exprs[i], i, operands, maps)) continue;
      auto known = std::ranges::find(done, *exprs[i], &std::pair<ScalarExpr, Adjoint>::first);
      if (known == done.end()) {
        Adjoint local = mapped(*exprs[i], node.type.extents, operands, maps);
        known = done.insert(done.end(), {*exprs[i], std::move(local)});
      }
      scatter(node.operands[i], known->second, node.type.extents, op.operands[i]);
    }
  }

  // Factors that are the same for all terms of an operand's sum are multiplied once: for a channel's mean it
  // is then the sum that its bias has. `operands` and `maps` are those of `expr`. False where there are none.
  bool pull_factored(const Node& node, const ScalarExpr& expr, std::size_t number,
                     std::vector<ValueId> operands, const std::vector<IndexMap>& maps) {
    const ValueId operand = node.operands[number];
    const Extents &domain = node.type.extents, extents = graph_.type(operand).extents;
    std::optional<FactoredSum> factored = factor_sum(expr, maps, maps[number], domain, extents);
    if (!factored) return false;
    Adjoint inner = mapped(std::move(factored->inner), domain, operands, maps);
    operands.push_back(scattered_sum(operand, inner, domain, maps[number]));
    contribute(operand, mapped(std::move(factored->outer), extents, std::move(operands),
                               std::move(factored->outer_maps)));
    return true;
  }

  // The expression with a number in place of its last operand.
  static ScalarExpr with_constant(const ScalarExpr& expr, std::uint32_t operand, double value) {
    ScalarExpr result;
    std::vector<ScalarId> operands;
    for (std::uint32_t i = 0; i < operand; ++i) operands.push_back(result.pool.operand(i));
    operands.push_back(result.pool.constant(value));
    result.root = inline_into(result.pool, expr, operands);
    return without_dead(result);
  }

  // The same sum with the roles of the maps exchanged.
  void pull(const Node& node, const Contract& op, const Adjoint& adjoint) {
    ValueId a = node.operands[0], b = node.operands[1];
    if (!is_active(a) && !is_active(b)) return;
    Reading g = reading(adjoint, node.type.extents, op.result, op.domain);
    if (is_active(a)) {
      Contract back{.domain = op.domain, .a = g.map, .b = op.b, .result = op.a};
      contribute(a, builder_.contract(g.source, b, std::move(back), Extents(graph_.type(a).extents)));
    }
    if (is_active(b)) {
      Contract back{.domain = op.domain, .a = op.a, .b = g.map, .result = op.b};
      contribute(b, builder_.contract(a, g.source, std::move(back), Extents(graph_.type(b).extents)));
    }
  }

  void pull(const Node& node, const Reduce& op, const Adjoint& adjoint) {
    switch (op.kind) {
      case ReduceKind::kSum: {
        Adjoint spread = adjoint;
        if (!adjoint.uniform || !stays_inside(op.result, op.domain, node.type.extents)) {
          Reading g = reading(adjoint, node.type.extents, op.result, op.domain);
          spread = copied(g, op.domain);
        }
        return scatter(node.operands[0], spread, op.domain, op.operand);
      }
      case ReduceKind::kMax: return pull_max(node, op, adjoint);
      case ReduceKind::kArgmax: return;
    }
  }

  // What a reading gives at each point of the domain.
  Adjoint copied(Reading from, const Extents& domain) {
    ScalarExpr copy;
    copy.root = copy.pool.operand(0);
    return mapped(std::move(copy), domain, {from.source}, {std::move(from.map)});
  }

  // The gradient goes to the first maximum: where a point's position is the one that argmax found.
  void pull_max(const Node& node, const Reduce& op, const Adjoint& adjoint) {
    ValueId winner = builder_.reduce(ReduceKind::kArgmax, node.operands[0], op.domain, op.operand, op.result,
                                     node.type.extents);
    Reading g = reading(adjoint, node.type.extents, op.result, op.domain);
    std::vector<ValueId> operands{winner, g.source};
    std::vector<IndexMap> maps{op.result, std::move(g.map)};
    ScalarExpr expr;
    ScalarId position = expr.pool.constant(0);
    std::vector<bool> kept = used_axes(op.result, op.domain.size());
    for (std::uint32_t axis = 0; axis < op.domain.size(); ++axis) {
      if (kept[axis]) continue;
      ScalarId number = expr.pool.operand(static_cast<std::uint32_t>(operands.size()));
      operands.push_back(builder_.iota({op.domain[axis]}, 0));
      maps.push_back(axes_map(std::array{axis}));
      ScalarId extent = expr.pool.constant(static_cast<double>(op.domain[axis]));
      position = expr.pool.binary(ScalarOp::kAdd, expr.pool.binary(ScalarOp::kMultiply, position, extent),
                                  expr.pool.unary(ScalarOp::kConvert, number));
    }
    ScalarId found = expr.pool.unary(ScalarOp::kConvert, expr.pool.operand(0));
    expr.root = expr.pool.select(expr.pool.binary(ScalarOp::kEqual, found, position), expr.pool.operand(1),
                                 expr.pool.constant(0));
    Adjoint local = mapped(std::move(expr), op.domain, std::move(operands), std::move(maps));
    scatter(node.operands[0], local, op.domain, op.operand);
  }

  void pull(const Node& node, const Reshape&, const Adjoint& adjoint) {
    const Extents extents = graph_.type(node.operands[0]).extents;
    bool is_same_everywhere = adjoint.uniform || adjoint.map.empty();
    if (is_same_everywhere) return contribute(node.operands[0], adjoint);
    contribute(node.operands[0], builder_.reshape(materialize(adjoint, node.type.extents), extents));
  }

  void pull(const Node& node, const Remap& op, const Adjoint& adjoint) {
    scatter(node.operands[0], adjoint, node.type.extents, op.operand);
  }

  void pull(const Node& node, const Concat& op, const Adjoint& adjoint) {
    IndexMap place = identity_map(node.type.extents.size());
    for (ValueId operand : node.operands) {
      Adjoint part = adjoint;
      if (!adjoint.uniform) part.map = compose(adjoint.map, place);
      contribute(operand, std::move(part));
      place[op.axis].offset += graph_.type(operand).extents[op.axis];
    }
  }

  void pull(const Node& node, const Gather&, const Adjoint& adjoint) {
    if (!is_active(node.operands[0])) return;
    std::int64_t rows = graph_.type(node.operands[0]).extents[0];
    ValueId g = materialize(adjoint, node.type.extents);
    contribute(node.operands[0], builder_.scatter_add(node.operands[1], g, rows));
  }

  void pull(const Node& node, const ScatterAdd&, const Adjoint& adjoint) {
    if (!is_active(node.operands[1])) return;
    ValueId g = materialize(adjoint, node.type.extents);
    contribute(node.operands[1], builder_.gather(g, node.operands[0]));
  }

  void pull(const Node& node, const ScanResult& op, const Adjoint& adjoint) {
    scan_adjoints_[index(node.operands[0])][op.number] = materialize(adjoint, node.type.extents);
  }

  void pull_scan(ValueId id, const Node& node) {
    auto results = scan_adjoints_.find(index(id));
    if (results == scan_adjoints_.end()) return;
    std::vector<bool> is_wanted;
    for (ValueId operand : node.operands) is_wanted.push_back(is_active(operand));
    std::vector<std::optional<ValueId>> adjoints = add_scan_adjoints(graph_, id, results->second, is_wanted);
    for (std::size_t i = 0; i < adjoints.size(); ++i) {
      if (adjoints[i]) contribute(node.operands[i], *adjoints[i]);
    }
  }

  Graph& graph_;
  Builder builder_;
  Span span_;
  std::vector<bool> active_;
  std::vector<int> uses_;  // of each value, by active ones
  std::vector<std::vector<Adjoint>> contributions_;
  // Contributions to values with several uses that are still to be summed.
  struct Scattered {
    Adjoint adjoint;
    Extents domain;
    IndexMap place;
  };
  std::map<std::size_t, std::vector<Scattered>> scattered_;
  // For each scan, the adjoints of those of its results that have one.
  std::map<std::size_t, std::map<std::uint32_t, ValueId>> scan_adjoints_;
};

}  // namespace

std::vector<ValueId> add_adjoints(Graph& graph, const std::vector<Seed>& seeds,
                                  const std::vector<ValueId>& wanted) {
  Backward backward(graph);
  ValueId last{};
  for (const Seed& seed : seeds) {
    IndexMap identity = identity_map(graph.type(seed.value).extents.size());
    backward.seed(seed.value, {.uniform = {}, .source = seed.adjoint, .map = std::move(identity)});
    last = std::max(last, seed.value);
  }
  return backward.run(last, wanted);
}

std::vector<ValueId> add_gradients(Graph& graph, ValueId scalar, const std::vector<ValueId>& wanted) {
  NETC_CHECK((graph.type(scalar) == TensorType{DType::kF32, {}}), "only a scalar has a gradient");
  Backward backward(graph);
  backward.seed(scalar, {.uniform = 1, .source = {}, .map = {}});
  return backward.run(scalar, wanted);
}

}  // namespace netc::training

#include "compiler/training/autodiff.h"

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"
#include "compiler/training/adjoints.h"
#include "compiler/training/autodiff_scan.h"
#include "compiler/training/factor.h"

namespace netc::training {

namespace {

using namespace graph;

// The rules, one a primitive.
class Backward {
 public:
  explicit Backward(Graph& graph) : graph_(graph), builder_(graph), adjoints_(graph) {}

  void seed(ValueId id, Adjoint adjoint) { adjoints_.seed(id, std::move(adjoint)); }

  // Walks back from `last`; returns the adjoints of the wanted values, as tensors of their extents.
  std::vector<ValueId> run(ValueId last, const std::vector<ValueId>& wanted) {
    adjoints_.mark_active(last, wanted);
    for (std::size_t i = index(last) + 1; i-- > 0;) {
      const auto id = static_cast<ValueId>(i);
      if (adjoints_.is_active(id)) visit(id);
    }
    std::vector<ValueId> gradients;
    for (ValueId id : wanted) {
      set_span(graph_[id].span);
      std::optional<Adjoint> adjoint = adjoints_.take(id);
      Adjoint zero{.uniform = 0, .source = {}, .map = {}};
      gradients.push_back(adjoints_.materialize(adjoint ? *adjoint : zero, Extents(graph_.type(id).extents)));
    }
    return gradients;
  }

 private:
  void set_span(Span span) {
    builder_.set_span(span);
    adjoints_.set_span(span);
  }

  void visit(ValueId id) {
    // Adding nodes moves the graph's, so the rule works on a copy of what it reads; bodies and expressions
    // are small.
    const Node node = graph_[id];
    set_span(node.span);
    if (std::holds_alternative<Scan>(node.op)) return pull_scan(id, node);
    std::optional<Adjoint> adjoint = adjoints_.take(id);
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
      if (!adjoints_.is_active(node.operands[i])) continue;
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
        Adjoint local = adjoints_.mapped(*exprs[i], node.type.extents, operands, maps);
        known = done.insert(done.end(), {*exprs[i], std::move(local)});
      }
      adjoints_.scatter(node.operands[i], known->second, node.type.extents, op.operands[i]);
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
    Adjoint inner = adjoints_.mapped(std::move(factored->inner), domain, operands, maps);
    operands.push_back(adjoints_.scattered_sum(operand, inner, domain, maps[number]));
    adjoints_.contribute(operand, adjoints_.mapped(std::move(factored->outer), extents, std::move(operands),
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
    if (!adjoints_.is_active(a) && !adjoints_.is_active(b)) return;
    Reading g = adjoints_.reading(adjoint, node.type.extents, op.result, op.domain);
    if (adjoints_.is_active(a)) {
      Contract back{.domain = op.domain, .a = g.map, .b = op.b, .result = op.a};
      adjoints_.contribute(a,
                           builder_.contract(g.source, b, std::move(back), Extents(graph_.type(a).extents)));
    }
    if (adjoints_.is_active(b)) {
      Contract back{.domain = op.domain, .a = op.a, .b = g.map, .result = op.b};
      adjoints_.contribute(b,
                           builder_.contract(a, g.source, std::move(back), Extents(graph_.type(b).extents)));
    }
  }

  void pull(const Node& node, const Reduce& op, const Adjoint& adjoint) {
    switch (op.kind) {
      case ReduceKind::kSum: {
        Adjoint spread = adjoint;
        if (!adjoint.uniform || !stays_inside(op.result, op.domain, node.type.extents)) {
          Reading g = adjoints_.reading(adjoint, node.type.extents, op.result, op.domain);
          spread = copied(g, op.domain);
        }
        return adjoints_.scatter(node.operands[0], spread, op.domain, op.operand);
      }
      case ReduceKind::kMax: return pull_max(node, op, adjoint);
      case ReduceKind::kArgmax: return;
    }
  }

  // What a reading gives at each point of the domain.
  Adjoint copied(Reading from, const Extents& domain) {
    ScalarExpr copy;
    copy.root = copy.pool.operand(0);
    return adjoints_.mapped(std::move(copy), domain, {from.source}, {std::move(from.map)});
  }

  // The gradient goes to the first maximum: where a point's position is the one that argmax found.
  void pull_max(const Node& node, const Reduce& op, const Adjoint& adjoint) {
    ValueId winner = builder_.reduce(ReduceKind::kArgmax, node.operands[0], op.domain, op.operand, op.result,
                                     node.type.extents);
    Reading g = adjoints_.reading(adjoint, node.type.extents, op.result, op.domain);
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
    Adjoint local = adjoints_.mapped(std::move(expr), op.domain, std::move(operands), std::move(maps));
    adjoints_.scatter(node.operands[0], local, op.domain, op.operand);
  }

  void pull(const Node& node, const Reshape&, const Adjoint& adjoint) {
    const Extents extents = graph_.type(node.operands[0]).extents;
    bool is_same_everywhere = adjoint.uniform || adjoint.map.empty();
    if (is_same_everywhere) return adjoints_.contribute(node.operands[0], adjoint);
    adjoints_.contribute(node.operands[0],
                         builder_.reshape(adjoints_.materialize(adjoint, node.type.extents), extents));
  }

  void pull(const Node& node, const Remap& op, const Adjoint& adjoint) {
    adjoints_.scatter(node.operands[0], adjoint, node.type.extents, op.operand);
  }

  void pull(const Node& node, const Concat& op, const Adjoint& adjoint) {
    IndexMap place = identity_map(node.type.extents.size());
    for (ValueId operand : node.operands) {
      Adjoint part = adjoint;
      if (!adjoint.uniform) part.map = compose(adjoint.map, place);
      adjoints_.contribute(operand, std::move(part));
      place[op.axis].offset += graph_.type(operand).extents[op.axis];
    }
  }

  void pull(const Node& node, const Gather&, const Adjoint& adjoint) {
    if (!adjoints_.is_active(node.operands[0])) return;
    std::int64_t rows = graph_.type(node.operands[0]).extents[0];
    ValueId g = adjoints_.materialize(adjoint, node.type.extents);
    adjoints_.contribute(node.operands[0], builder_.scatter_add(node.operands[1], g, rows));
  }

  void pull(const Node& node, const ScatterAdd&, const Adjoint& adjoint) {
    if (!adjoints_.is_active(node.operands[1])) return;
    ValueId g = adjoints_.materialize(adjoint, node.type.extents);
    adjoints_.contribute(node.operands[1], builder_.gather(g, node.operands[0]));
  }

  void pull(const Node& node, const ScanResult& op, const Adjoint& adjoint) {
    scan_adjoints_[index(node.operands[0])][op.number] = adjoints_.materialize(adjoint, node.type.extents);
  }

  void pull_scan(ValueId id, const Node& node) {
    auto results = scan_adjoints_.find(index(id));
    if (results == scan_adjoints_.end()) return;
    std::vector<bool> is_wanted;
    for (ValueId operand : node.operands) is_wanted.push_back(adjoints_.is_active(operand));
    std::vector<std::optional<ValueId>> adjoints = add_scan_adjoints(graph_, id, results->second, is_wanted);
    for (std::size_t i = 0; i < adjoints.size(); ++i) {
      if (adjoints[i]) adjoints_.contribute(node.operands[i], *adjoints[i]);
    }
  }

  Graph& graph_;
  Builder builder_;
  Adjoints adjoints_;
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

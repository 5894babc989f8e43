#include "compiler/training/adjoints.h"

namespace netc::training {

using namespace graph;

void Adjoints::seed(ValueId id, Adjoint adjoint) {
  contributions_.resize(graph_.nodes.size());
  contributions_[index(id)].push_back(std::move(adjoint));
}

void Adjoints::set_span(Span span) {
  span_ = span;
  builder_.set_span(span);
}

void Adjoints::mark_active(ValueId last, const std::vector<ValueId>& wanted) {
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

void Adjoints::contribute(ValueId id, Adjoint adjoint) {
  if (is_active(id)) contributions_[index(id)].push_back(std::move(adjoint));
}

void Adjoints::contribute(ValueId id, ValueId tensor) {
  contribute(id, {.uniform = {}, .source = tensor, .map = identity_map(graph_.type(tensor).extents.size())});
}

std::optional<Adjoint> Adjoints::take(ValueId id) {
  reduce_scattered(id);
  std::vector<Adjoint>& parts = contributions_[index(id)];
  if (parts.empty()) return std::nullopt;
  if (parts.size() > 1) {
    Adjoint sum = sum_of(parts, Extents(graph_.type(id).extents));
    parts.assign(1, std::move(sum));
  }
  return parts[0];
}

Adjoint Adjoints::sum_of(const std::vector<Adjoint>& parts, const Extents& extents) {
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

Adjoint Adjoints::mapped(ScalarExpr expr, const Extents& extents, std::vector<ValueId> operands,
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

ValueId Adjoints::materialize(const Adjoint& adjoint, const Extents& extents) {
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

Reading Adjoints::reading(const Adjoint& adjoint, const Extents& extents, const IndexMap& map,
                          const Extents& domain) {
  bool is_inside = stays_inside(map, domain, extents);
  if (adjoint.uniform && is_inside) return {builder_.constant(*adjoint.uniform), {}};
  if (!adjoint.uniform && is_inside) return {adjoint.source, compose(adjoint.map, map)};
  return {materialize(adjoint, extents), map};
}

void Adjoints::scatter(ValueId operand, const Adjoint& adjoint, const Extents& domain,
                       const IndexMap& place) {
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
  if (uses_[index(operand)] == 1) return contribute(operand, scattered_sum(operand, adjoint, domain, place));
  scattered_[index(operand)].push_back({adjoint, domain, place});
}

ValueId Adjoints::scattered_sum(ValueId operand, const Adjoint& adjoint, const Extents& domain,
                                const IndexMap& place) {
  Reading from = reading(adjoint, domain, identity_map(domain.size()), domain);
  return builder_.reduce(ReduceKind::kSum, from.source, domain, std::move(from.map), place,
                         Extents(graph_.type(operand).extents));
}

// Adjoints that are scattered alike are added up first, so that one sum is enough.
void Adjoints::reduce_scattered(ValueId id) {
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

}  // namespace netc::training

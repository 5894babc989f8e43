#include "compiler/training/factor.h"

#include <algorithm>
#include <functional>

#include "compiler/graph/index_map.h"

namespace netc::training {

namespace {

using namespace graph;

class Splitter {
 public:
  Splitter(const ScalarExpr& expr, std::function<bool(std::uint32_t operand)> is_outer)
      : pool_(expr.pool), is_outer_(std::move(is_outer)) {}

  // What is left of a node without its outer factors.
  ScalarId inner_of(ScalarId id) {
    const ScalarNode node = pool_[id];
    if (node.op == ScalarOp::kOperand && is_outer_(node.operand)) {
      outer_.push_back(node.operand);
      return pool_.constant(1);
    }
    if (node.op == ScalarOp::kNegate) {
      negative_ = !negative_;
      return inner_of(node.args[0]);
    }
    if (node.op == ScalarOp::kMultiply) {
      const ScalarId left = inner_of(node.args[0]);
      return pool_.binary(ScalarOp::kMultiply, left, inner_of(node.args[1]));
    }
    if (node.op == ScalarOp::kSelect && pool_.is_constant(node.args[1], 0))
      return pool_.select(node.args[0], node.args[1], inner_of(node.args[2]));
    if (node.op == ScalarOp::kSelect && pool_.is_constant(node.args[2], 0))
      return pool_.select(node.args[0], inner_of(node.args[1]), node.args[2]);
    return id;
  }

  // The product of the outer factors and of one more operand.
  ScalarExpr outer(std::uint32_t sum) const {
    ScalarExpr expr;
    expr.root = expr.pool.operand(sum);
    for (std::uint32_t operand : outer_)
      expr.root = expr.pool.binary(ScalarOp::kMultiply, expr.pool.operand(operand), expr.root);
    if (negative_) expr.root = expr.pool.unary(ScalarOp::kNegate, expr.root);
    return expr;
  }

  bool has_outer() const { return !outer_.empty(); }
  ScalarPool take_pool() { return std::move(pool_); }

 private:
  ScalarPool pool_;
  std::function<bool(std::uint32_t)> is_outer_;
  std::vector<std::uint32_t> outer_;
  bool negative_ = false;
};

// From the axes of an element to those of the domain that `place` reads; empty unless each of the element's
// is one of the domain's, from its begin to its end.
std::optional<IndexMap> axes_back(const IndexMap& place, const Extents& domain, const Extents& extents) {
  if (place.size() >= domain.size() || !is_separable(place)) return std::nullopt;
  IndexMap back(domain.size());
  for (std::uint32_t i = 0; i < place.size(); ++i) {
    const AffineIndex& entry = place[i];
    if (entry.terms.size() != 1 || entry.offset != 0 || entry.terms[0].coefficient != 1) return std::nullopt;
    if (domain[entry.terms[0].axis] != extents[i]) return std::nullopt;
    back[entry.terms[0].axis].terms = {{i, 1}};
  }
  return back;
}

// It varies, and only along axes that are kept.
bool is_outer(const IndexMap& map, const std::vector<bool>& kept) {
  const std::vector<bool> used = used_axes(map, kept.size());
  bool varies = false, inside = true;
  for (std::size_t axis = 0; axis < kept.size(); ++axis) {
    varies = varies || used[axis];
    inside = inside && (kept[axis] || !used[axis]);
  }
  return varies && inside;
}

}  // namespace

std::optional<FactoredSum> factor_sum(const ScalarExpr& expr, const std::vector<IndexMap>& maps,
                                      const IndexMap& place, const Extents& domain, const Extents& extents) {
  const std::optional<IndexMap> back = axes_back(place, domain, extents);
  if (!back) return std::nullopt;
  const std::vector<bool> kept = used_axes(place, domain.size());
  if (kept[0]) return std::nullopt;
  Splitter splitter(expr, [&](std::uint32_t operand) { return is_outer(maps[operand], kept); });
  FactoredSum result;
  result.inner.root = splitter.inner_of(expr.root);
  if (!splitter.has_outer()) return std::nullopt;
  result.outer = splitter.outer(static_cast<std::uint32_t>(maps.size()));
  result.inner.pool = splitter.take_pool();
  result.inner = without_dead(result.inner);
  if (operand_count(result.inner) == 0) return std::nullopt;
  for (const IndexMap& map : maps) result.outer_maps.push_back(compose(map, *back));
  result.outer_maps.push_back(identity_map(extents.size()));
  return result;
}

}  // namespace netc::training

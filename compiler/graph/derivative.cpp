// Forward mode: each node's derivative from those of its arguments, one rule an operation.
//
// A derivative that is 0 by structure is dropped, and a 0 in a branch of a select stays a 0: products are
// pushed into such selects, so that nothing infinite ever meets it. relu = max(0, x) gives `if x <= 0 then 0
// else 1`, and times g `if x <= 0 then 0 else g`.

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <optional>

#include "compiler/graph/scalar.h"
#include "compiler/support/check.h"

namespace netc::graph {

namespace {

// Builds derivatives: products, quotients and sums that know about zeros.
class Calculus {
 public:
  explicit Calculus(ScalarPool& pool) : pool_(pool), zero_(pool.constant(0)) {}

  ScalarId zero() const { return zero_; }
  bool is_zero(ScalarId id) const { return pool_.is_constant(id, 0); }
  ScalarId constant(double value) { return pool_.constant(value); }
  ScalarId op(ScalarOp op, ScalarId a) { return pool_.unary(op, a); }
  ScalarId op(ScalarOp op, ScalarId a, ScalarId b) { return pool_.binary(op, a, b); }
  ScalarId select(ScalarId condition, ScalarId a, ScalarId b) { return pool_.select(condition, a, b); }

  ScalarId add(ScalarId a, ScalarId b) { return pool_.binary(ScalarOp::kAdd, a, b); }
  ScalarId subtract(ScalarId a, ScalarId b) { return pool_.binary(ScalarOp::kSubtract, a, b); }

  ScalarId negate(ScalarId a) {
    return on_leaves(a, [this](ScalarId leaf) { return pool_.unary(ScalarOp::kNegate, leaf); });
  }

  ScalarId multiply(ScalarId a, ScalarId b) {
    if (is_zero(a) || is_zero(b)) return zero_;
    if (leaves(a) > 1 && leaves(b) > 1 && is_masked(a) && is_masked(b)) return guarded_product(a, b);
    // The one with a single branch that counts goes outermost: the other is then written once.
    if (is_masked(b) && (!is_masked(a) || leaves(b) == 1)) std::swap(a, b);
    if (!is_masked(a)) return product(a, b);
    return on_leaves(a, [this, b](ScalarId leaf) { return multiply(leaf, b); });
  }

  ScalarId divide(ScalarId a, ScalarId b) {
    return on_leaves(a, [this, b](ScalarId leaf) { return pool_.binary(ScalarOp::kDivide, leaf, b); });
  }

 private:
  // A select with a 0 in some branch.
  bool is_masked(ScalarId id) {
    if (pool_[id].op != ScalarOp::kSelect) return false;
    auto [entry, is_new] = masked_.try_emplace(id, false);
    if (!is_new) return entry->second;
    ScalarId a = pool_[id].args[1], b = pool_[id].args[2];
    bool result = is_zero(a) || is_zero(b) || is_masked(a) || is_masked(b);
    return masked_[id] = result;
  }

  // How many branches are not 0; counting stops at 2.
  int leaves(ScalarId id) {
    if (is_zero(id)) return 0;
    if (!is_masked(id)) return 1;
    ScalarId a = pool_[id].args[1], b = pool_[id].args[2];
    int count = leaves(a);
    return count > 1 ? count : std::min(2, count + leaves(b));
  }

  // `change` applied to what is not 0 below the selects.
  ScalarId on_leaves(ScalarId id, const std::function<ScalarId(ScalarId)>& change) {
    std::map<ScalarId, ScalarId> done;
    return on_leaves(id, change, done);
  }
  ScalarId on_leaves(ScalarId id, const std::function<ScalarId(ScalarId)>& change,
                     std::map<ScalarId, ScalarId>& done) {
    if (is_zero(id)) return id;
    if (!is_masked(id)) return change(id);
    if (auto known = done.find(id); known != done.end()) return known->second;
    ScalarNode node = pool_[id];
    ScalarId a = on_leaves(node.args[1], change, done);
    ScalarId b = on_leaves(node.args[2], change, done);
    return done[id] = pool_.select(node.args[0], a, b);
  }

  // Both have several branches that count: writing one into each branch of the other would grow without bound
  // in a chain of these.
  ScalarId guarded_product(ScalarId a, ScalarId b) {
    ScalarId a_is_zero = pool_.binary(ScalarOp::kEqual, a, zero_);
    ScalarId b_is_zero = pool_.binary(ScalarOp::kEqual, b, zero_);
    return pool_.select(a_is_zero, zero_, pool_.select(b_is_zero, zero_, product(a, b)));
  }

  // Constants gather in front, and a * (1/b) is a/b.
  ScalarId product(ScalarId a, ScalarId b) {
    for (auto [factor, inverse] : {std::pair{a, b}, {b, a}}) {
      ScalarNode node = pool_[inverse];
      if (node.op != ScalarOp::kDivide || !pool_.is_constant(node.args[0], 1)) continue;
      return pool_.binary(ScalarOp::kDivide, factor, node.args[1]);
    }
    if (pool_[b].op == ScalarOp::kConstant) std::swap(a, b);
    ScalarNode right = pool_[b];
    if (pool_[a].op == ScalarOp::kConstant && right.op == ScalarOp::kMultiply &&
        pool_[right.args[0]].op == ScalarOp::kConstant) {
      ScalarId factor = pool_.constant(pool_[a].value * pool_[right.args[0]].value);
      return pool_.binary(ScalarOp::kMultiply, factor, right.args[1]);
    }
    return pool_.binary(ScalarOp::kMultiply, a, b);
  }

  ScalarPool& pool_;
  ScalarId zero_;
  std::map<ScalarId, bool> masked_;
};

class Deriver {
 public:
  explicit Deriver(ScalarPool& pool) : c_(pool) {}

  Calculus& calculus() { return c_; }

  // `id` is `node`'s own place; da, db, dc are its arguments' derivatives, not all of them 0.
  ScalarId derive(ScalarId id, const ScalarNode& node, ScalarId da, ScalarId db, ScalarId dc) {
    ScalarId a = node.args[0], b = node.args[1];
    switch (node.op) {
      case ScalarOp::kAdd: return c_.add(da, db);
      case ScalarOp::kSubtract: return c_.is_zero(da) ? c_.negate(db) : c_.subtract(da, db);
      case ScalarOp::kMultiply: return c_.add(c_.multiply(da, b), c_.multiply(a, db));
      case ScalarOp::kDivide: return quotient(id, b, da, db);
      case ScalarOp::kPower: return power(id, a, b, da, db);
      case ScalarOp::kMin: return c_.select(c_.op(ScalarOp::kLessEqual, a, b), da, db);
      case ScalarOp::kMax: return c_.select(c_.op(ScalarOp::kLessEqual, b, a), da, db);
      case ScalarOp::kSelect: return c_.select(a, db, dc);
      case ScalarOp::kNegate: return c_.negate(da);
      case ScalarOp::kSqrt: return c_.divide(c_.multiply(c_.constant(0.5), da), id);
      case ScalarOp::kLog: return c_.divide(da, a);
      case ScalarOp::kLog1p: return c_.divide(da, c_.add(c_.constant(1), a));
      case ScalarOp::kConstant:
      case ScalarOp::kOperand:
      case ScalarOp::kLess:
      case ScalarOp::kLessEqual:
      case ScalarOp::kEqual:
      case ScalarOp::kNotEqual:
      case ScalarOp::kSign:
      case ScalarOp::kFloor:
      case ScalarOp::kConvert:
      case ScalarOp::kStopGradient: return c_.zero();
      case ScalarOp::kAbs:
      case ScalarOp::kExp:
      case ScalarOp::kExpm1:
      case ScalarOp::kSin:
      case ScalarOp::kCos:
      case ScalarOp::kTanh:
      case ScalarOp::kSigmoid:
      case ScalarOp::kSoftplus:
      case ScalarOp::kErf: return c_.multiply(da, slope(node.op, id, a));
    }
    return c_.zero();
  }

 private:
  // The derivative of a smooth function of one argument, through its own value where that is known.
  ScalarId slope(ScalarOp op, ScalarId id, ScalarId a) {
    ScalarId one = c_.constant(1);
    if (op == ScalarOp::kAbs) return c_.op(ScalarOp::kSign, a);
    if (op == ScalarOp::kExp) return id;
    if (op == ScalarOp::kExpm1) return c_.op(ScalarOp::kExp, a);
    if (op == ScalarOp::kSin) return c_.op(ScalarOp::kCos, a);
    if (op == ScalarOp::kCos) return c_.negate(c_.op(ScalarOp::kSin, a));
    if (op == ScalarOp::kTanh) return c_.subtract(one, c_.op(ScalarOp::kMultiply, id, id));
    if (op == ScalarOp::kSigmoid) return c_.op(ScalarOp::kMultiply, id, c_.subtract(one, id));
    if (op == ScalarOp::kSoftplus) return c_.op(ScalarOp::kSigmoid, a);
    NETC_CHECK(op == ScalarOp::kErf, "a scalar operation has no rule for its derivative");
    ScalarId bell = c_.op(ScalarOp::kExp, c_.negate(c_.op(ScalarOp::kMultiply, a, a)));
    return c_.multiply(c_.constant(2 * std::numbers::inv_sqrtpi), bell);
  }

  // (a/b)' = (a' - (a/b) b') / b: nothing is squared that could overflow.
  ScalarId quotient(ScalarId id, ScalarId b, ScalarId da, ScalarId db) {
    if (c_.is_zero(db)) return c_.divide(da, b);
    ScalarId share = c_.multiply(id, db);
    return c_.divide(c_.is_zero(da) ? c_.negate(share) : c_.subtract(da, share), b);
  }

  ScalarId power(ScalarId id, ScalarId a, ScalarId b, ScalarId da, ScalarId db) {
    return c_.add(power_by_base(a, b, da), power_by_exponent(id, a, b, db));
  }

  // b * a^(b-1) * a'; 0 where b is 0, also at a = 0.
  ScalarId power_by_base(ScalarId a, ScalarId b, ScalarId da) {
    if (c_.is_zero(da)) return c_.zero();
    ScalarId lower = c_.op(ScalarOp::kPower, a, c_.subtract(b, c_.constant(1)));
    ScalarId slope = c_.multiply(b, lower);
    ScalarId flat = c_.op(ScalarOp::kEqual, b, c_.zero());
    return c_.multiply(c_.select(flat, c_.zero(), slope), da);
  }

  // a^b * log(a) * b'; 0 at a = 0 where a^b is 0 or 1.
  ScalarId power_by_exponent(ScalarId id, ScalarId a, ScalarId b, ScalarId db) {
    if (c_.is_zero(db)) return c_.zero();
    ScalarId slope = c_.multiply(id, c_.op(ScalarOp::kLog, a));
    ScalarId from_zero = c_.select(c_.op(ScalarOp::kLessEqual, c_.zero(), b), c_.zero(), slope);
    ScalarId at_zero = c_.op(ScalarOp::kEqual, a, c_.zero());
    return c_.multiply(c_.select(at_zero, from_zero, slope), db);
  }

  Calculus c_;
};

// The derivative's place in `pool`, which holds a copy of the expression with the same numbering up to
// `root`.
ScalarId derive_all(ScalarPool& pool, ScalarId root, std::uint32_t operand, const std::vector<bool>& live,
                    Deriver& deriver) {
  ScalarId zero = deriver.calculus().zero();
  std::vector<ScalarId> derivative(root + 1, zero);
  auto of_argument = [&](const ScalarNode& node, int i) {
    return i < arity(node.op) ? derivative[node.args[i]] : zero;
  };
  for (ScalarId id = 0; id <= root; ++id) {
    if (!live[id]) continue;
    ScalarNode node = pool[id];
    if (node.op == ScalarOp::kOperand && node.operand == operand) derivative[id] = pool.constant(1);
    ScalarId da = of_argument(node, 0), db = of_argument(node, 1), dc = of_argument(node, 2);
    if (da != zero || db != zero || dc != zero) derivative[id] = deriver.derive(id, node, da, db, dc);
  }
  return derivative[root];
}

}  // namespace

ScalarExpr differentiate(const ScalarExpr& expr, std::uint32_t operand) {
  ScalarExpr result = expr;
  std::vector<bool> live = live_nodes(expr);
  Deriver deriver(result.pool);
  result.root = derive_all(result.pool, expr.root, operand, live, deriver);
  return without_dead(result);
}

ScalarExpr pull_back(const ScalarExpr& expr, std::uint32_t operand, std::uint32_t adjoint,
                     std::uint32_t result) {
  ScalarExpr product = expr;
  std::vector<bool> live = live_nodes(expr);
  Deriver deriver(product.pool);
  ScalarId derivative = derive_all(product.pool, expr.root, operand, live, deriver);
  product.root = deriver.calculus().multiply(product.pool.operand(adjoint), derivative);
  return read_result(product, expr.root, result);
}

}  // namespace netc::graph

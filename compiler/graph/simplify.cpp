#include <map>
#include <numeric>

#include "compiler/graph/scalar.h"

namespace netc::graph {

namespace {

class Simplifier {
 public:
  explicit Simplifier(ScalarPool& pool) : pool_(pool) {}

  ScalarId add(ScalarOp op, std::span<const ScalarId> args) {
    if (op == ScalarOp::kLog) return log(args[0]);
    if (op == ScalarOp::kLog1p) return log1p(args[0]);
    if (is_comparison(op)) return compare(op, args[0], args[1]);
    if (op == ScalarOp::kSelect) return select(args[0], args[1], args[2]);
    return pool_.add(op, args);
  }

 private:
  // A copy: the pool may move when a node is added.
  ScalarNode node(ScalarId id) const { return pool_[id]; }
  bool is(ScalarId id, ScalarOp op) const { return pool_[id].op == op; }

  ScalarId log(ScalarId id) {
    ScalarNode a = node(id);
    if (a.op == ScalarOp::kExp) return a.args[0];
    if (a.op == ScalarOp::kSigmoid) return log_sigmoid(a.args[0]);
    if (a.op == ScalarOp::kDivide && is(a.args[0], ScalarOp::kExp)) {
      return pool_.binary(ScalarOp::kSubtract, node(a.args[0]).args[0], log(a.args[1]));
    }
    if (a.op == ScalarOp::kAdd && pool_.is_constant(a.args[0], 1)) return log_one_plus(a.args[1], id);
    if (a.op == ScalarOp::kAdd && pool_.is_constant(a.args[1], 1)) return log_one_plus(a.args[0], id);
    if (a.op == ScalarOp::kSubtract && pool_.is_constant(a.args[0], 1) && is(a.args[1], ScalarOp::kSigmoid)) {
      return log_one_minus_sigmoid(node(a.args[1]).args[0]);
    }
    return pool_.unary(ScalarOp::kLog, id);
  }

  static bool is_comparison(ScalarOp op) {
    return op == ScalarOp::kLess || op == ScalarOp::kLessEqual || op == ScalarOp::kEqual ||
           op == ScalarOp::kNotEqual;
  }

  // Neither branch is more than a number.
  bool is_choice_of_constants(ScalarId id) const {
    return is(id, ScalarOp::kSelect) && is(pool_[id].args[1], ScalarOp::kConstant) &&
           is(pool_[id].args[2], ScalarOp::kConstant);
  }

  // A choice of constants compared with a constant is a choice of outcomes.
  ScalarId compare(ScalarOp op, ScalarId a, ScalarId b) {
    if (is(a, ScalarOp::kConstant) && is_choice_of_constants(b)) {
      ScalarNode choice = node(b);
      return select(choice.args[0], pool_.binary(op, a, choice.args[1]), pool_.binary(op, a, choice.args[2]));
    }
    if (is(b, ScalarOp::kConstant) && is_choice_of_constants(a)) {
      ScalarNode choice = node(a);
      return select(choice.args[0], pool_.binary(op, choice.args[1], b), pool_.binary(op, choice.args[2], b));
    }
    return pool_.binary(op, a, b);
  }

  // `if (if c then 1 else 0) then a else b` asks for c itself; and what hangs on c in the branches is known
  // there.
  ScalarId select(ScalarId condition, ScalarId a, ScalarId b) {
    while (is_choice_of_constants(condition)) {
      ScalarNode choice = node(condition);
      bool first = pool_[choice.args[1]].value != 0, second = pool_[choice.args[2]].value != 0;
      if (first == second) break;
      condition = choice.args[0];
      if (second) std::swap(a, b);
    }
    std::map<ScalarId, ScalarId> when_true, when_false;
    a = assume(a, condition, true, when_true);
    b = assume(b, condition, false, when_false);
    return pool_.select(condition, a, b);
  }

  // The expression where the condition is known to hold, or not to.
  ScalarId assume(ScalarId id, ScalarId condition, bool holds, std::map<ScalarId, ScalarId>& done) {
    // Operands stand before their users, so nothing before the condition depends on it.
    if (id < condition || arity(pool_[id].op) == 0) return id;
    if (id == condition) return is_comparison(pool_[id].op) ? pool_.constant(holds) : id;
    if (auto known = done.find(id); known != done.end()) return known->second;
    ScalarNode copy = node(id);
    std::array<ScalarId, 3> args = copy.args;
    int count = arity(copy.op);
    ScalarId result = id;
    if (copy.op == ScalarOp::kSelect && copy.args[0] == condition) {
      result = assume(copy.args[holds ? 1 : 2], condition, holds, done);
    } else {
      for (int i = 0; i < count; ++i) args[i] = assume(args[i], condition, holds, done);
      if (args != copy.args) result = pool_.add(copy.op, std::span(args).first(count));
    }
    return done[id] = result;
  }

  // log(1 + a), which is `sum` in the pool.
  ScalarId log_one_plus(ScalarId a, ScalarId sum) {
    if (is(a, ScalarOp::kExp)) return pool_.unary(ScalarOp::kSoftplus, node(a).args[0]);
    return pool_.unary(ScalarOp::kLog, sum);
  }

  ScalarId log1p(ScalarId a) {
    if (is(a, ScalarOp::kExp)) return pool_.unary(ScalarOp::kSoftplus, node(a).args[0]);
    if (is(a, ScalarOp::kNegate) && is(node(a).args[0], ScalarOp::kSigmoid)) {
      return log_one_minus_sigmoid(node(node(a).args[0]).args[0]);
    }
    return pool_.unary(ScalarOp::kLog1p, a);
  }

  ScalarId log_sigmoid(ScalarId a) {
    ScalarId negated = pool_.unary(ScalarOp::kNegate, a);
    return pool_.unary(ScalarOp::kNegate, pool_.unary(ScalarOp::kSoftplus, negated));
  }

  ScalarId log_one_minus_sigmoid(ScalarId a) {
    return pool_.unary(ScalarOp::kNegate, pool_.unary(ScalarOp::kSoftplus, a));
  }

  ScalarPool& pool_;
};

// The same nodes, each made again by `add`; what the root does not need stays behind.
ScalarExpr rebuild(const ScalarExpr& expr) {
  std::vector<bool> live = live_nodes(expr);
  std::vector<ScalarId> place(expr.root + 1, 0);
  ScalarExpr result;
  Simplifier simplifier(result.pool);
  for (ScalarId id = 0; id <= expr.root; ++id) {
    if (!live[id]) continue;
    const ScalarNode& node = expr.pool[id];
    if (node.op == ScalarOp::kConstant) {
      place[id] = result.pool.constant(node.value);
    } else if (node.op == ScalarOp::kOperand) {
      place[id] = result.pool.operand(node.operand);
    } else {
      std::array<ScalarId, 3> args{};
      int count = arity(node.op);
      for (int i = 0; i < count; ++i) args[i] = place[node.args[i]];
      place[id] = simplifier.add(node.op, std::span(args).first(count));
    }
  }
  result.root = place[expr.root];
  return result;
}

}  // namespace

ScalarExpr without_dead(const ScalarExpr& expr) {
  std::vector<std::uint32_t> numbers(operand_count(expr));
  std::iota(numbers.begin(), numbers.end(), 0);
  return renumber(expr, numbers);
}

ScalarExpr renumber(const ScalarExpr& expr, std::span<const std::uint32_t> numbers) {
  ScalarExpr result;
  std::vector<ScalarId> operands(numbers.size(), 0);
  std::vector<bool> live = live_nodes(expr);
  for (ScalarId id = 0; id <= expr.root; ++id) {
    const ScalarNode& node = expr.pool[id];
    if (!live[id] || node.op != ScalarOp::kOperand) continue;
    operands[node.operand] = result.pool.operand(numbers[node.operand]);
  }
  result.root = inline_into(result.pool, expr, operands);
  return result;
}

// A rewrite leaves nodes behind that nothing reads any more (the quotient under a logarithm): they are
// dropped last.
ScalarExpr simplify(const ScalarExpr& expr) { return without_dead(rebuild(expr)); }

}  // namespace netc::graph

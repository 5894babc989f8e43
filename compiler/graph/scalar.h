#pragma once
// Scalar expressions: what an activation, a loss or an optimizer computes for one element.
//
// Semantics. Values are real numbers: float in compiled code, double in the reference interpreter. IEEE rules
// for infinities and NaN.
//   < <= == !=       1 or 0; a comparison with NaN is 0, but != is 1
//   select(c, a, b)  a where c is not 0, else b; what is not selected never matters, not even as NaN
//   min max          NaN if either is NaN; the derivative at a tie belongs to the first operand
//   sign             -1, 0 or 1; sign(NaN) is NaN; its derivative is 0
//   abs              derivative sign(x), so 0 at 0
//   floor            derivative 0
//   pow              as C's pow; a whole constant exponent means repeated multiplication
//   softplus         log(1 + exp(x)), without overflow
//   convert          of an integer tensor's element, which appears nowhere else
//   stop_gradient    its argument; derivative 0
//
// An expression is a list of nodes in which operands come before their users. Nodes are unique (hash-consed),
// so equal sub-expressions are one node, and printing is deterministic.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netc::graph {

enum class ScalarOp : std::uint8_t {
  kConstant,  // `value`
  kOperand,   // operand number `operand` of whatever holds the expression
#define NETC_SCALAR_OP(Name, spelling, arity) k##Name,
#include "compiler/graph/scalar_ops.def"
};

int arity(ScalarOp op);
std::string_view spelling(ScalarOp op);

using ScalarId = std::uint32_t;

struct ScalarNode {
  ScalarOp op = ScalarOp::kConstant;
  std::array<ScalarId, 3> args{};  // the first arity(op) are used
  double value = 0;
  std::uint32_t operand = 0;

  friend bool operator==(const ScalarNode&, const ScalarNode&) = default;
};

// Nodes with one result each; several roots may share them. Grows only.
class ScalarPool {
 public:
  ScalarId constant(double value);
  ScalarId operand(std::uint32_t number);
  // Adds the operation as it is, or an equal or simpler node: constants fold (in double), and x+0, x*1,
  // select on a constant, select(c, a, a) and the like. x*0 stays: 0 * infinity is NaN.
  ScalarId add(ScalarOp op, std::span<const ScalarId> args);
  ScalarId unary(ScalarOp op, ScalarId a) { return add(op, std::array{a}); }
  ScalarId binary(ScalarOp op, ScalarId a, ScalarId b) { return add(op, std::array{a, b}); }
  ScalarId select(ScalarId condition, ScalarId a, ScalarId b) {
    return add(ScalarOp::kSelect, std::array{condition, a, b});
  }
  bool is_constant(ScalarId id, double value) const {
    return nodes_[id].op == ScalarOp::kConstant && nodes_[id].value == value;
  }

  const ScalarNode& operator[](ScalarId id) const { return nodes_[id]; }
  std::span<const ScalarNode> nodes() const { return nodes_; }
  std::size_t size() const { return nodes_.size(); }

 private:
  ScalarId intern(const ScalarNode& node);
  void grow_table();

  std::vector<ScalarNode> nodes_;
  // Open addressing, a power of two long; an entry is an id plus one, 0 is free. Flat, so that copying an
  // expression is cheap.
  std::vector<ScalarId> table_;
};

// One expression: a pool and its root. A value type.
struct ScalarExpr {
  ScalarPool pool;
  ScalarId root = 0;

  // Built alike, node by node; not whether the values are.
  friend bool operator==(const ScalarExpr& a, const ScalarExpr& b);
};

// A named function of named operands, as a definition in the language gives it.
struct ScalarFunction {
  std::vector<std::string> operands;
  ScalarExpr expr;
};

// Copies `expr` into `pool`, with operand i replaced by the node operands[i] of `pool`. Returns the root's
// place.
ScalarId inline_into(ScalarPool& pool, const ScalarExpr& expr, std::span<const ScalarId> operands);

// The expression with operand i called numbers[i], and without the nodes that the root does not need.
ScalarExpr renumber(const ScalarExpr& expr, std::span<const std::uint32_t> numbers);
ScalarExpr without_dead(const ScalarExpr& expr);

// For each node up to the root: whether the root depends on it.
std::vector<bool> live_nodes(const ScalarExpr& expr);

// Number of operands that the expression can name: one more than the largest, 0 if none.
std::uint32_t operand_count(const ScalarExpr& expr);
bool uses_operand(const ScalarExpr& expr, std::uint32_t operand);

// The derivative with respect to one operand, simplified; conditions outermost in selects, never a mask times
// something infinite.
ScalarExpr differentiate(const ScalarExpr& expr, std::uint32_t operand);

// The derivative times operand number `adjoint`: what a map hands back to one of its operands. Where the
// value of `expr` itself says enough it is read, as operand number `result`, in place of what it was made
// from: tanh(x) gives `adjoint * (1 - result * result)`, max(0, x) gives `if result <= 0 then 0 else
// adjoint`. So whoever computed the value need not keep its operands.
ScalarExpr pull_back(const ScalarExpr& expr, std::uint32_t operand, std::uint32_t adjoint,
                     std::uint32_t result);

// The expression by means of an operand, number `result`, that holds what its node `value` computes; without
// dead nodes.
ScalarExpr read_result(const ScalarExpr& expr, ScalarId value, std::uint32_t result);

// Does the value never fall when that operand rises, whatever the others are? May say no where it does not
// see so.
bool is_nondecreasing(const ScalarExpr& expr, std::uint32_t operand);

// Rewrites that keep the value in exact arithmetic and mend it in floats: log(exp(a)/b) = a - log(b),
// log(exp(a)) = a, log(sigmoid(a)) = -softplus(-a), log(1 - sigmoid(a)) = -softplus(a), log(1+exp(a)) =
// softplus(a); conditions that are known where they stand are resolved, and dead nodes dropped.
ScalarExpr simplify(const ScalarExpr& expr);

// In double. `operands` has at least operand_count(expr) values.
double evaluate(const ScalarExpr& expr, std::span<const double> operands);
// For many calls: `scratch` is whatever the last call left there.
double evaluate(const ScalarExpr& expr, std::span<const double> operands, std::vector<double>& scratch);

// `x * sigmoid(1.5 * x)`: infix, shortest exact numbers, operand i printed as names[i] (or `$i` when there is
// none).
std::string print(const ScalarExpr& expr, std::span<const std::string> names = {});

}  // namespace netc::graph

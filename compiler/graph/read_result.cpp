#include <algorithm>
#include <limits>

#include "compiler/graph/scalar.h"

namespace netc::graph {

namespace {

// For y = min(high, max(low, x)), a comparison of x with a constant k can be made with y instead: y <= k and
// k < y say the same as x <= k and k < x where low <= k < high; y < k and k <= y the same as x < k and k <= x
// where low < k <= high. That holds for NaN too, and through several clamps. So the masks of relu and its kin
// are found in their results.
class ResultReader {
 public:
  ResultReader(const ScalarExpr& expr, ScalarId value, std::uint32_t result)
      : pool_(expr.pool), root_(expr.root), value_(value) {
    result_ = out_.pool.operand(result);
    find_clamped();
  }

  ScalarExpr rewrite() {
    std::vector<ScalarId> place(root_ + 1, 0);
    for (ScalarId id = 0; id <= root_; ++id) place[id] = copy(id, place);
    out_.root = place[root_];
    return without_dead(out_);
  }

 private:
  // What stands below the value with clamps alone in between, and their bounds.
  struct Clamped {
    ScalarId id;
    double low, high;
  };

  void find_clamped() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Clamped current{value_, -kInfinity, kInfinity};
    for (;;) {
      const ScalarNode& node = pool_[current.id];
      if (node.op != ScalarOp::kMin && node.op != ScalarOp::kMax) return;
      int bound = is_constant(node.args[0]) ? 0 : 1;
      if (!is_constant(node.args[bound])) return;
      double limit = pool_[node.args[bound]].value;
      if (node.op == ScalarOp::kMin) current.high = std::min(current.high, limit);
      if (node.op == ScalarOp::kMax) current.low = std::max(current.low, limit);
      current.id = node.args[1 - bound];
      clamped_.push_back(current);
    }
  }

  bool is_constant(ScalarId id) const { return pool_[id].op == ScalarOp::kConstant; }

  // Whether argument `side` of a comparison may be the value in place of what it is.
  bool reads_result(const ScalarNode& node, int side) const {
    bool is_less = node.op == ScalarOp::kLess;
    if ((!is_less && node.op != ScalarOp::kLessEqual) || !is_constant(node.args[1 - side])) return false;
    double k = pool_[node.args[1 - side]].value;
    bool is_upper_open = is_less == (side == 1);
    for (const Clamped& clamped : clamped_) {
      if (clamped.id != node.args[side]) continue;
      return is_upper_open ? clamped.low <= k && is_below(k, clamped.high)
                           : is_below(clamped.low, k) && k <= clamped.high;
    }
    return false;
  }

  // Also as floats, in which compiled code compares.
  static bool is_below(double a, double b) { return static_cast<float>(a) < static_cast<float>(b); }

  ScalarId copy(ScalarId id, const std::vector<ScalarId>& place) {
    const ScalarNode& node = pool_[id];
    int count = arity(node.op);
    if (node.op == ScalarOp::kConstant) return out_.pool.constant(node.value);
    if (node.op == ScalarOp::kOperand) return out_.pool.operand(node.operand);
    if (id == value_) return result_;
    std::array<ScalarId, 3> args{};
    for (int i = 0; i < count; ++i)
      args[i] = count == 2 && reads_result(node, i) ? result_ : place[node.args[i]];
    return out_.pool.add(node.op, std::span(args).first(count));
  }

  const ScalarPool& pool_;
  ScalarId root_, value_;
  ScalarExpr out_;
  ScalarId result_;
  std::vector<Clamped> clamped_;
};

}  // namespace

ScalarExpr read_result(const ScalarExpr& expr, ScalarId value, std::uint32_t result) {
  return ResultReader(expr, value, result).rewrite();
}

}  // namespace netc::graph

#include <algorithm>

#include "compiler/graph/scalar.h"

namespace netc::graph {

namespace {

enum class Course : std::uint8_t { kConstant, kUp, kDown, kUnknown };

Course reversed(Course course) {
  if (course == Course::kUp) return Course::kDown;
  return course == Course::kDown ? Course::kUp : course;
}

// Of a sum, or of the greater or lesser of two.
Course together(Course a, Course b) {
  if (a == Course::kConstant || a == b) return b;
  return b == Course::kConstant ? a : Course::kUnknown;
}

Course scaled(Course course, const ScalarNode& factor) {
  if (course == Course::kConstant) return course;
  if (factor.op != ScalarOp::kConstant || factor.value == 0) return Course::kUnknown;
  return factor.value > 0 ? course : reversed(course);
}

class Analysis {
 public:
  Analysis(const ScalarExpr& expr, std::uint32_t operand) : pool_(expr.pool), operand_(operand) {
    for (ScalarId id = 0; id <= expr.root; ++id) courses_.push_back(course_of(pool_[id]));
  }

  Course root() const { return courses_.back(); }

 private:
  Course course_of(const ScalarNode& node) const {
    const auto args = std::span(node.args).first(arity(node.op));
    auto at = [&](int i) { return courses_[args[i]]; };
    switch (node.op) {
      case ScalarOp::kOperand: return node.operand == operand_ ? Course::kUp : Course::kConstant;
      case ScalarOp::kAdd:
      case ScalarOp::kMax:
      case ScalarOp::kMin: return together(at(0), at(1));
      case ScalarOp::kSubtract: return together(at(0), reversed(at(1)));
      case ScalarOp::kMultiply:
        return at(1) == Course::kConstant ? scaled(at(0), pool_[args[1]])
                                          : by_constant(at(0), at(1), args[0]);
      case ScalarOp::kDivide:
        return at(1) == Course::kConstant ? scaled(at(0), pool_[args[1]]) : Course::kUnknown;
      case ScalarOp::kNegate: return reversed(at(0));
      case ScalarOp::kExp:
      case ScalarOp::kExpm1:
      case ScalarOp::kTanh:
      case ScalarOp::kSigmoid:
      case ScalarOp::kSoftplus:
      case ScalarOp::kErf: return at(0);
      default: break;
    }
    const bool constant =
        std::ranges::all_of(args, [&](ScalarId id) { return courses_[id] == Course::kConstant; });
    return constant ? Course::kConstant : Course::kUnknown;
  }

  Course by_constant(Course a, Course b, ScalarId factor) const {
    return a == Course::kConstant ? scaled(b, pool_[factor]) : Course::kUnknown;
  }

  const ScalarPool& pool_;
  std::uint32_t operand_;
  std::vector<Course> courses_;
};

}  // namespace

bool is_nondecreasing(const ScalarExpr& expr, std::uint32_t operand) {
  const Course course = Analysis(expr, operand).root();
  return course == Course::kUp || course == Course::kConstant;
}

}  // namespace netc::graph

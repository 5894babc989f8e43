#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/graph/scalar.h"

namespace netc::graph {

namespace {

// From loose to tight, as in the language.
enum Precedence { kConditional, kComparison, kSum, kProduct, kSign, kAtom };

Precedence precedence(const ScalarNode& node) {
  switch (node.op) {
    case ScalarOp::kConstant: return std::signbit(node.value) ? kSign : kAtom;
    case ScalarOp::kSelect: return kConditional;
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual: return kComparison;
    case ScalarOp::kAdd:
    case ScalarOp::kSubtract: return kSum;
    case ScalarOp::kMultiply:
    case ScalarOp::kDivide: return kProduct;
    case ScalarOp::kNegate: return kSign;
    case ScalarOp::kOperand:
    case ScalarOp::kPower:
    case ScalarOp::kMin:
    case ScalarOp::kMax:
    case ScalarOp::kAbs:
    case ScalarOp::kSign:
    case ScalarOp::kFloor:
    case ScalarOp::kSqrt:
    case ScalarOp::kExp:
    case ScalarOp::kExpm1:
    case ScalarOp::kLog:
    case ScalarOp::kLog1p:
    case ScalarOp::kSin:
    case ScalarOp::kCos:
    case ScalarOp::kTanh:
    case ScalarOp::kSigmoid:
    case ScalarOp::kSoftplus:
    case ScalarOp::kErf:
    case ScalarOp::kConvert:
    case ScalarOp::kStopGradient: return kAtom;
  }
  return kAtom;
}

bool is_infix(Precedence level) { return level == kComparison || level == kSum || level == kProduct; }

// Expressions that would be longer than this as a tree name their shared parts.
constexpr double kLongTree = 100;

class Printer {
 public:
  Printer(const ScalarExpr& expr, std::span<const std::string> names)
      : pool_(expr.pool), root_(expr.root), names_(names), texts_(root_ + 1), levels_(root_ + 1, kAtom) {
    live_ = live_nodes(expr);
    count();
  }

  std::string print() {
    std::string lets;
    bool name_shared = tree_sizes_[root_] > kLongTree;
    int next_name = 0;
    for (ScalarId id = 0; id <= root_; ++id) {
      if (!live_[id]) continue;
      texts_[id] = text(pool_[id]);
      levels_[id] = precedence(pool_[id]);
      if (!name_shared || id == root_ || uses_[id] < 2 || arity(pool_[id].op) == 0) continue;
      std::string name = fmt::format("t{}", next_name++);
      lets += fmt::format("{} = {}; ", name, texts_[id]);
      texts_[id] = std::move(name);
      levels_[id] = kAtom;
    }
    return lets + texts_[root_];
  }

 private:
  void count() {
    uses_.assign(root_ + 1, 0);
    tree_sizes_.assign(root_ + 1, 1);
    for (ScalarId id = 0; id <= root_; ++id) {
      if (!live_[id]) continue;
      for (int i = 0; i < arity(pool_[id].op); ++i) {
        ++uses_[pool_[id].args[i]];
        tree_sizes_[id] += tree_sizes_[pool_[id].args[i]];
      }
    }
  }

  // An argument, in parentheses where it binds less tightly than `least`.
  std::string argument(ScalarId id, int least) const {
    return levels_[id] < least ? fmt::format("({})", texts_[id]) : texts_[id];
  }

  std::string text(const ScalarNode& node) const {
    Precedence level = precedence(node);
    if (node.op == ScalarOp::kConstant) return fmt::format("{}", node.value);
    if (node.op == ScalarOp::kOperand) {
      return node.operand < names_.size() ? names_[node.operand] : fmt::format("${}", node.operand);
    }
    if (node.op == ScalarOp::kNegate) return fmt::format("-{}", argument(node.args[0], kAtom));
    if (is_infix(level)) {
      // Comparisons do not chain; the others group to the left.
      int left = level == kComparison ? level + 1 : level;
      return fmt::format("{} {} {}", argument(node.args[0], left), spelling(node.op),
                         argument(node.args[1], level + 1));
    }
    if (node.op == ScalarOp::kSelect) {
      return fmt::format("if {} then {} else {}", argument(node.args[0], kComparison),
                         argument(node.args[1], kComparison), texts_[node.args[2]]);
    }
    std::string list = texts_[node.args[0]];
    if (arity(node.op) == 2) list += ", " + texts_[node.args[1]];
    return fmt::format("{}({})", spelling(node.op), list);
  }

  const ScalarPool& pool_;
  ScalarId root_;
  std::span<const std::string> names_;
  std::vector<bool> live_;
  std::vector<int> uses_;
  std::vector<double> tree_sizes_;
  std::vector<std::string> texts_;
  std::vector<Precedence> levels_;
};

}  // namespace

std::string print(const ScalarExpr& expr, std::span<const std::string> names) {
  return Printer(expr, names).print();
}

}  // namespace netc::graph

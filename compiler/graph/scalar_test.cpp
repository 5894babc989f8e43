#include "compiler/graph/scalar.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace netc::graph {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

// The operation on operands 0, 1, 2.
ScalarExpr on_operands(ScalarOp op) {
  ScalarExpr expr;
  std::vector<ScalarId> args;
  for (int i = 0; i < arity(op); ++i) args.push_back(expr.pool.operand(static_cast<std::uint32_t>(i)));
  expr.root = expr.pool.add(op, args);
  return expr;
}

double value(ScalarOp op, std::vector<double> operands) { return evaluate(on_operands(op), operands); }

TEST(ScalarTest, EvaluatesNonNumbersAsStated) {
  EXPECT_EQ(value(ScalarOp::kLess, {kNaN, 1}), 0);
  EXPECT_EQ(value(ScalarOp::kLessEqual, {1, kNaN}), 0);
  EXPECT_EQ(value(ScalarOp::kEqual, {kNaN, kNaN}), 0);
  EXPECT_EQ(value(ScalarOp::kNotEqual, {kNaN, kNaN}), 1);
  for (ScalarOp op : {ScalarOp::kMin, ScalarOp::kMax}) {
    EXPECT_TRUE(std::isnan(value(op, {kNaN, 1})));
    EXPECT_TRUE(std::isnan(value(op, {1, kNaN})));
  }
  EXPECT_TRUE(std::isnan(value(ScalarOp::kSign, {kNaN})));
  EXPECT_EQ(value(ScalarOp::kSelect, {0, kNaN, 2}), 2);
  EXPECT_EQ(value(ScalarOp::kSelect, {1, 2, kNaN}), 2);
  EXPECT_EQ(value(ScalarOp::kSelect, {kNaN, 2, 3}), 2);
  EXPECT_EQ(value(ScalarOp::kPower, {kNaN, 0}), 1);
  EXPECT_TRUE(std::isnan(value(ScalarOp::kMultiply, {0, kInfinity})));
}

TEST(ScalarTest, EvaluatesFarOutWithoutOverflow) {
  EXPECT_EQ(value(ScalarOp::kSoftplus, {1e4}), 1e4);
  EXPECT_EQ(value(ScalarOp::kSoftplus, {-1e4}), 0);
  EXPECT_EQ(value(ScalarOp::kSoftplus, {kInfinity}), kInfinity);
  EXPECT_EQ(value(ScalarOp::kSoftplus, {-kInfinity}), 0);
  EXPECT_TRUE(std::isnan(value(ScalarOp::kSoftplus, {kNaN})));
  EXPECT_EQ(value(ScalarOp::kSigmoid, {-1e4}), 0);
  EXPECT_EQ(value(ScalarOp::kSigmoid, {1e4}), 1);
  EXPECT_NEAR(value(ScalarOp::kSoftplus, {0}), std::log(2), 1e-15);
}

TEST(ScalarTest, EqualExpressionsAreOneNode) {
  ScalarPool pool;
  ScalarId x = pool.operand(0), y = pool.operand(1);
  EXPECT_EQ(pool.binary(ScalarOp::kAdd, x, y), pool.binary(ScalarOp::kAdd, x, y));
  EXPECT_NE(pool.binary(ScalarOp::kAdd, x, y), pool.binary(ScalarOp::kAdd, y, x));
  EXPECT_NE(pool.constant(0.0), pool.constant(-0.0));
  EXPECT_EQ(pool.constant(kNaN), pool.constant(kNaN));
  // Enough to make the table grow several times.
  for (int i = 0; i < 1000; ++i) pool.constant(i);
  std::size_t size = pool.size();
  for (int i = 0; i < 1000; ++i) pool.constant(i);
  EXPECT_EQ(pool.size(), size);
}

TEST(ScalarTest, FoldsOnlyWhatKeepsTheValue) {
  ScalarPool pool;
  ScalarId x = pool.operand(0), zero = pool.constant(0), one = pool.constant(1);
  EXPECT_EQ(pool.binary(ScalarOp::kAdd, x, zero), x);
  EXPECT_EQ(pool.binary(ScalarOp::kSubtract, x, zero), x);
  EXPECT_EQ(pool.binary(ScalarOp::kMultiply, one, x), x);
  EXPECT_EQ(pool.binary(ScalarOp::kDivide, x, one), x);
  EXPECT_EQ(pool.binary(ScalarOp::kPower, x, one), x);
  EXPECT_EQ(pool.binary(ScalarOp::kPower, x, zero), one);
  EXPECT_EQ(pool.unary(ScalarOp::kNegate, pool.unary(ScalarOp::kNegate, x)), x);
  EXPECT_EQ(pool.select(one, x, zero), x);
  EXPECT_EQ(pool.select(zero, x, one), one);
  EXPECT_EQ(pool.select(pool.binary(ScalarOp::kLess, x, zero), x, x), x);
  EXPECT_EQ(pool[pool.binary(ScalarOp::kMultiply, x, zero)].op, ScalarOp::kMultiply);
  EXPECT_EQ(pool[pool.binary(ScalarOp::kSubtract, x, x)].op, ScalarOp::kSubtract);
  EXPECT_TRUE(pool.is_constant(pool.unary(ScalarOp::kExp, zero), 1));
}

TEST(ScalarTest, EveryOperationFoldsToItsValue) {
  for (int number = 2; number <= static_cast<int>(ScalarOp::kSelect); ++number) {
    auto op = static_cast<ScalarOp>(number);
    ScalarPool pool;
    std::vector<double> operands{0.75, 0.5, 0.25};
    std::vector<ScalarId> args;
    for (int i = 0; i < arity(op); ++i) args.push_back(pool.constant(operands[i]));
    EXPECT_TRUE(pool.is_constant(pool.add(op, args), value(op, operands))) << spelling(op);
  }
}

TEST(ScalarTest, InliningReplacesOperands) {
  ScalarExpr square = on_operands(ScalarOp::kMultiply);
  ScalarPool pool;
  ScalarId x = pool.operand(0);
  ScalarId sum = pool.binary(ScalarOp::kAdd, x, pool.constant(1));
  ScalarExpr result{pool, 0};
  result.root = inline_into(result.pool, square, std::array{sum, x});
  EXPECT_EQ(print(result), "($0 + 1) * $0");
  EXPECT_EQ(operand_count(square), 2u);
  EXPECT_TRUE(uses_operand(square, 1));
  EXPECT_FALSE(uses_operand(result, 1));
}

TEST(ScalarTest, PrintsInfix) {
  ScalarExpr expr;
  ScalarPool& pool = expr.pool;
  std::vector<std::string> names{"x", "y"};
  ScalarId x = pool.operand(0), y = pool.operand(1), z = pool.operand(2);
  auto text = [&](ScalarId root) {
    expr.root = root;
    return print(expr, names);
  };
  ScalarId sum = pool.binary(ScalarOp::kAdd, x, y), difference = pool.binary(ScalarOp::kSubtract, y, z);
  EXPECT_EQ(text(pool.binary(ScalarOp::kMultiply, sum, difference)), "(x + y) * (y - $2)");
  EXPECT_EQ(text(pool.binary(ScalarOp::kSubtract, x, difference)), "x - (y - $2)");
  EXPECT_EQ(text(pool.binary(ScalarOp::kSubtract, difference, x)), "y - $2 - x");
  EXPECT_EQ(text(pool.binary(ScalarOp::kMultiply, x, pool.constant(-0.1))), "x * -0.1");
  EXPECT_EQ(text(pool.unary(ScalarOp::kNegate, sum)), "-(x + y)");
  EXPECT_EQ(text(pool.binary(ScalarOp::kPower, x, pool.constant(2))), "pow(x, 2)");
  ScalarId condition = pool.binary(ScalarOp::kLess, pool.constant(0), x);
  ScalarId choice = pool.select(condition, x, pool.unary(ScalarOp::kExpm1, x));
  EXPECT_EQ(text(choice), "if 0 < x then x else expm1(x)");
  EXPECT_EQ(text(pool.binary(ScalarOp::kMultiply, pool.constant(1.5), choice)),
            "1.5 * (if 0 < x then x else expm1(x))");
  EXPECT_EQ(text(pool.select(choice, y, choice)),
            "if (if 0 < x then x else expm1(x)) then y else if 0 < x then x else expm1(x)");
}

TEST(ScalarTest, PrintsLongSharedExpressionsByTheirParts) {
  ScalarExpr expr;
  expr.root = expr.pool.operand(0);
  for (int i = 0; i < 60; ++i) expr.root = expr.pool.binary(ScalarOp::kMultiply, expr.root, expr.root);
  std::string text = print(expr);
  EXPECT_LT(text.size(), 2000u);
  EXPECT_EQ(text.substr(0, 32), "t0 = $0 * $0; t1 = t0 * t0; t2 =");
}

struct Rewrite {
  ScalarId (*build)(ScalarPool&);
  const char* result;
};

ScalarId one_plus_exp(ScalarPool& pool) {
  return pool.binary(ScalarOp::kAdd, pool.constant(1), pool.unary(ScalarOp::kExp, pool.operand(0)));
}
ScalarId one_minus_sigmoid(ScalarPool& pool) {
  return pool.binary(ScalarOp::kSubtract, pool.constant(1), pool.unary(ScalarOp::kSigmoid, pool.operand(0)));
}
ScalarId quotient_of_exp(ScalarPool& pool) {
  return pool.binary(ScalarOp::kDivide, pool.unary(ScalarOp::kExp, pool.operand(0)), pool.operand(1));
}

TEST(ScalarTest, SimplifiesLogarithms) {
  const Rewrite rewrites[] = {
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, quotient_of_exp(p)); }, "$0 - log($1)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, p.unary(ScalarOp::kExp, p.operand(0))); }, "$0"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, p.unary(ScalarOp::kSigmoid, p.operand(0))); },
       "-softplus(-$0)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, one_minus_sigmoid(p)); }, "-softplus($0)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, one_plus_exp(p)); }, "softplus($0)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog1p, p.unary(ScalarOp::kExp, p.operand(0))); },
       "softplus($0)"},
      {[](ScalarPool& p) {
         return p.unary(ScalarOp::kLog1p,
                        p.unary(ScalarOp::kNegate, p.unary(ScalarOp::kSigmoid, p.operand(0))));
       },
       "-softplus($0)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kLog, p.operand(0)); }, "log($0)"},
  };
  for (const Rewrite& rewrite : rewrites) {
    ScalarExpr expr;
    expr.root = rewrite.build(expr.pool);
    ScalarExpr simple = simplify(expr);
    EXPECT_EQ(print(simple), rewrite.result);
    for (double x : {0.25, 0.5, 2.0}) {
      double operands[] = {x, 1.5};
      EXPECT_NEAR(evaluate(simple, operands), evaluate(expr, operands), 1e-12) << rewrite.result;
    }
  }
}

TEST(ScalarTest, KnowsWhatNeverFalls) {
  using Build = ScalarId (*)(ScalarPool&, ScalarId, ScalarId);
  const std::vector<std::pair<Build, bool>> cases{
      {[](ScalarPool& p, ScalarId x, ScalarId y) {
         return p.binary(ScalarOp::kMax, p.constant(0), p.binary(ScalarOp::kAdd, x, y));
       },
       true},
      {[](ScalarPool& p, ScalarId x, ScalarId) {
         return p.unary(ScalarOp::kTanh, p.binary(ScalarOp::kMultiply, x, p.constant(2)));
       },
       true},
      {[](ScalarPool& p, ScalarId x, ScalarId y) {
         return p.unary(ScalarOp::kNegate, p.binary(ScalarOp::kSubtract, y, p.unary(ScalarOp::kExp, x)));
       },
       true},
      {[](ScalarPool& p, ScalarId x, ScalarId) { return p.binary(ScalarOp::kDivide, x, p.constant(-2)); },
       false},
      {[](ScalarPool& p, ScalarId x, ScalarId y) { return p.binary(ScalarOp::kMultiply, x, y); }, false},
      {[](ScalarPool& p, ScalarId x, ScalarId) { return p.binary(ScalarOp::kMultiply, x, x); }, false},
      {[](ScalarPool& p, ScalarId x, ScalarId) {
         return p.binary(ScalarOp::kSubtract, x, p.unary(ScalarOp::kTanh, x));
       },
       false},
      {[](ScalarPool& p, ScalarId x, ScalarId) { return p.unary(ScalarOp::kAbs, x); }, false},
  };
  for (const auto& [build, rises] : cases) {
    ScalarExpr expr;
    expr.root = build(expr.pool, expr.pool.operand(0), expr.pool.operand(1));
    EXPECT_EQ(is_nondecreasing(expr, 0), rises) << print(expr);
  }
}

TEST(ScalarTest, SimplifyDropsDeadNodes) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kLog, quotient_of_exp(expr.pool));
  ScalarExpr simple = simplify(expr);
  std::vector<bool> live = live_nodes(simple);
  EXPECT_EQ(std::count(live.begin(), live.end(), true), static_cast<std::ptrdiff_t>(simple.pool.size()));
}

}  // namespace
}  // namespace netc::graph

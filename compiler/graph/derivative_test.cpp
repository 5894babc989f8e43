#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "compiler/graph/scalar.h"

namespace netc::graph {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

using Build = ScalarId (*)(ScalarPool&);

ScalarExpr built(Build build) {
  ScalarExpr expr;
  expr.root = build(expr.pool);
  return expr;
}

double numeric_slope(const ScalarExpr& expr, std::vector<double> point, std::uint32_t operand) {
  double step = 1e-6 * std::max(1.0, std::abs(point[operand])), middle = point[operand];
  point[operand] = middle + step;
  double above = evaluate(expr, point);
  point[operand] = middle - step;
  double below = evaluate(expr, point);
  return (above - below) / (2 * step);
}

void expect_slopes(const ScalarExpr& expr, const std::vector<double>& point) {
  for (std::uint32_t operand = 0; operand < point.size(); ++operand) {
    double expected = numeric_slope(expr, point, operand);
    double actual = evaluate(differentiate(expr, operand), point);
    EXPECT_NEAR(actual, expected, 1e-6 * std::max(1.0, std::abs(expected)))
        << print(expr) << " by operand " << operand << " at " << ::testing::PrintToString(point);
  }
}

// Whether the operation is smooth around the point, far enough for a finite difference.
bool is_smooth(ScalarOp op, const std::vector<double>& point) {
  bool is_positive = op == ScalarOp::kSqrt || op == ScalarOp::kLog || op == ScalarOp::kPower;
  if (is_positive && point[0] < 0.05) return false;
  if (op == ScalarOp::kLog1p && point[0] < -0.95) return false;
  if (op == ScalarOp::kDivide && std::abs(point[1]) < 0.1) return false;
  if (op == ScalarOp::kFloor) return std::abs(point[0] - std::round(point[0])) > 1e-3;
  if (arity(op) > 1) return std::abs(point[0] - point[1]) > 1e-3;
  return std::abs(point[0]) > 1e-3;
}

TEST(DerivativeTest, EveryOperationAgainstFiniteDifferences) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> number(-4, 4);
  for (int op_number = 2; op_number <= static_cast<int>(ScalarOp::kSelect); ++op_number) {
    auto op = static_cast<ScalarOp>(op_number);
    // Their derivative is 0 by definition.
    if (op == ScalarOp::kConvert || op == ScalarOp::kStopGradient) continue;
    ScalarExpr expr;
    std::vector<ScalarId> args;
    for (int i = 0; i < arity(op); ++i) args.push_back(expr.pool.operand(static_cast<std::uint32_t>(i)));
    expr.root = expr.pool.add(op, args);
    for (int trial = 0; trial < 300; ++trial) {
      std::vector<double> point;
      for (int i = 0; i < arity(op); ++i) point.push_back(number(random));
      if (is_smooth(op, point)) expect_slopes(expr, point);
    }
  }
}

// Expressions of several operations, chosen at random.
TEST(DerivativeTest, CompositionsAgainstFiniteDifferences) {
  std::mt19937 random(2);
  const ScalarOp kSmooth[] = {
      ScalarOp::kAdd, ScalarOp::kSubtract, ScalarOp::kMultiply, ScalarOp::kNegate,   ScalarOp::kSin,
      ScalarOp::kCos, ScalarOp::kTanh,     ScalarOp::kSigmoid,  ScalarOp::kSoftplus, ScalarOp::kErf};
  for (int trial = 0; trial < 300; ++trial) {
    ScalarExpr expr;
    std::vector<ScalarId> values{expr.pool.operand(0), expr.pool.operand(1), expr.pool.constant(0.5)};
    for (int i = 0; i < 8; ++i) {
      ScalarOp op = kSmooth[random() % std::size(kSmooth)];
      std::vector<ScalarId> args;
      for (int k = 0; k < arity(op); ++k) args.push_back(values[random() % values.size()]);
      values.push_back(expr.pool.add(op, args));
    }
    expr.root = values.back();
    expect_slopes(expr, {0.3, -0.7});
    expect_slopes(expr, {-1.2, 1.4});
  }
}

TEST(DerivativeTest, StopsWhereItIsDefinedToBeZero) {
  EXPECT_EQ(print(differentiate(
                built([](ScalarPool& p) { return p.unary(ScalarOp::kStopGradient, p.operand(0)); }), 0)),
            "0");
  EXPECT_EQ(
      print(differentiate(built([](ScalarPool& p) { return p.unary(ScalarOp::kConvert, p.operand(0)); }), 0)),
      "0");
  EXPECT_EQ(
      print(differentiate(built([](ScalarPool& p) { return p.unary(ScalarOp::kFloor, p.operand(0)); }), 0)),
      "0");
  EXPECT_EQ(
      print(differentiate(built([](ScalarPool& p) { return p.unary(ScalarOp::kSign, p.operand(0)); }), 0)),
      "0");
}

ScalarId relu(ScalarPool& p) { return p.binary(ScalarOp::kMax, p.constant(0), p.operand(0)); }

TEST(DerivativeTest, KinksBelongToTheFirstOperand) {
  ScalarExpr slope = differentiate(built(relu), 0);
  EXPECT_EQ(print(slope), "if $0 <= 0 then 0 else 1");
  for (auto [x, expected] : {std::pair{-1.0, 0.0}, {0.0, 0.0}, {1.0, 1.0}, {kInfinity, 1.0}, {kNaN, 1.0}}) {
    EXPECT_EQ(evaluate(slope, std::array{x}), expected) << x;
  }
  for (ScalarOp op : {ScalarOp::kMin, ScalarOp::kMax}) {
    ScalarExpr expr;
    expr.root = expr.pool.binary(op, expr.pool.operand(0), expr.pool.operand(1));
    EXPECT_EQ(evaluate(differentiate(expr, 0), std::array{2.0, 2.0}), 1);
    EXPECT_EQ(evaluate(differentiate(expr, 1), std::array{2.0, 2.0}), 0);
  }
  ScalarExpr abs = built([](ScalarPool& p) { return p.unary(ScalarOp::kAbs, p.operand(0)); });
  EXPECT_EQ(evaluate(differentiate(abs, 0), std::array{0.0}), 0);
}

TEST(DerivativeTest, SelectsFollowTheirCondition) {
  ScalarExpr elu = built([](ScalarPool& p) {
    ScalarId x = p.operand(0);
    return p.select(p.binary(ScalarOp::kLess, p.constant(0), x), x, p.unary(ScalarOp::kExpm1, x));
  });
  ScalarExpr slope = differentiate(elu, 0);
  EXPECT_EQ(print(slope), "if 0 < $0 then 1 else exp($0)");
  EXPECT_EQ(evaluate(slope, std::array{0.0}), 1);
  EXPECT_EQ(evaluate(slope, std::array{1e4}), 1);
  EXPECT_TRUE(std::isnan(evaluate(slope, std::array{kNaN})));
}

// sqrt has an infinite slope at 0, where relu's is 0.
TEST(DerivativeTest, AMaskNeverMeetsInfinity) {
  ScalarExpr expr = built([](ScalarPool& p) { return p.unary(ScalarOp::kSqrt, relu(p)); });
  EXPECT_EQ(evaluate(differentiate(expr, 0), std::array{-1.0}), 0);
  EXPECT_NEAR(evaluate(differentiate(expr, 0), std::array{4.0}), 0.25, 1e-15);
  EXPECT_EQ(evaluate(pull_back(built(relu), 0, 1, 2), std::array{-1.0, kInfinity, 0.0}), 0);
  EXPECT_EQ(evaluate(pull_back(expr, 0, 1, 2), std::array{-1.0, kNaN, 0.0}), 0);
}

// Two branches that count beside one that is 0.
ScalarId three_pieces(ScalarPool& p, ScalarId x) {
  ScalarId inner =
      p.select(p.binary(ScalarOp::kLess, p.constant(3), x), p.binary(ScalarOp::kMultiply, x, x), x);
  return p.select(p.binary(ScalarOp::kLess, x, p.constant(0.5)), p.constant(0), inner);
}

TEST(DerivativeTest, ChainsOfMasksStaySmallAndRight) {
  ScalarExpr expr;
  ScalarId value = expr.pool.operand(0);
  for (int i = 0; i < 20; ++i)
    value = three_pieces(expr.pool, expr.pool.binary(ScalarOp::kMultiply, value, expr.pool.constant(1.01)));
  expr.root = value;
  ScalarExpr slope = differentiate(expr, 0);
  EXPECT_LT(slope.pool.size(), 1000u);
  EXPECT_NEAR(evaluate(slope, std::array{0.9}), std::pow(1.01, 20), 1e-9);
  EXPECT_EQ(evaluate(slope, std::array{0.1}), 0);
}

TEST(DerivativeTest, SharesTheForwardValue) {
  ScalarExpr swish = built([](ScalarPool& p) {
    return p.binary(ScalarOp::kMultiply, p.operand(0), p.unary(ScalarOp::kSigmoid, p.operand(0)));
  });
  EXPECT_EQ(print(differentiate(swish, 0)), "sigmoid($0) + $0 * (sigmoid($0) * (1 - sigmoid($0)))");
  ScalarExpr tanh = built([](ScalarPool& p) { return p.unary(ScalarOp::kTanh, p.operand(0)); });
  EXPECT_EQ(print(differentiate(tanh, 0)), "1 - tanh($0) * tanh($0)");
  ScalarExpr square =
      built([](ScalarPool& p) { return p.binary(ScalarOp::kPower, p.operand(0), p.constant(2)); });
  EXPECT_EQ(print(differentiate(square, 0)), "2 * $0");
  ScalarExpr mean_square = built([](ScalarPool& p) {
    return p.binary(ScalarOp::kMultiply, p.constant(0.5),
                    p.binary(ScalarOp::kPower, p.operand(0), p.constant(2)));
  });
  EXPECT_EQ(print(differentiate(mean_square, 0)), "$0");
}

struct ThroughResult {
  Build build;
  const char* text;  // x is $0, the adjoint $1, the value itself $2
};

TEST(DerivativeTest, PullsBackThroughTheResult) {
  const ThroughResult kCases[] = {
      {[](ScalarPool& p) { return p.unary(ScalarOp::kTanh, p.operand(0)); }, "$1 * (1 - $2 * $2)"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kSigmoid, p.operand(0)); }, "$1 * ($2 * (1 - $2))"},
      {[](ScalarPool& p) { return p.unary(ScalarOp::kExp, p.operand(0)); }, "$1 * $2"},
      {relu, "if $2 <= 0 then 0 else $1"},
      // Whether x is 0 does not show in max(x, 0).
      {[](ScalarPool& p) { return p.binary(ScalarOp::kMax, p.operand(0), p.constant(0)); },
       "if 0 <= $0 then $1 else 0"},
      {[](ScalarPool& p) { return p.binary(ScalarOp::kMin, p.constant(6), relu(p)); },
       "if 6 <= $2 then 0 else if $2 <= 0 then 0 else $1"},
      {[](ScalarPool& p) { return p.operand(0); }, "$1"},
      {[](ScalarPool& p) { return p.binary(ScalarOp::kMultiply, p.operand(0), p.operand(0)); },
       "$1 * ($0 + $0)"},
  };
  for (const ThroughResult& one : kCases) {
    ScalarExpr expr = built(one.build), slope = differentiate(expr, 0), through = pull_back(expr, 0, 1, 2);
    EXPECT_EQ(print(through), one.text);
    for (double x : {-kInfinity, -100.0, -1.0, -0.0, 0.0, 0.5, 6.0, 7.0, 100.0, kInfinity, kNaN}) {
      double expected = 2 * evaluate(slope, std::array{x});
      double actual = evaluate(through, std::array{x, 2.0, evaluate(expr, std::array{x})});
      EXPECT_TRUE(actual == expected || (std::isnan(actual) && std::isnan(expected)))
          << one.text << " at " << x;
    }
  }
}

// Clamps of clamps, compared with constants on, between and beyond their bounds.
TEST(DerivativeTest, ComparisonsThroughClampsKeepTheirOutcome) {
  const double kPoints[] = {-kInfinity, -2, -1, -0.5, 0, 0.5, 1, 2, 3, kInfinity, kNaN};
  for (double low : {-1.0, 0.0, 1.0}) {
    for (double high : {-1.0, 0.5, 2.0}) {
      for (double k : {-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0}) {
        for (int shape = 0; shape < 8; ++shape) {
          ScalarExpr expr;
          ScalarPool& p = expr.pool;
          ScalarId x = p.operand(0), lower = p.constant(low), upper = p.constant(high), limit = p.constant(k);
          ScalarId value = (shape & 4) ? p.binary(ScalarOp::kMin, upper, p.binary(ScalarOp::kMax, lower, x))
                                       : p.binary(ScalarOp::kMax, p.binary(ScalarOp::kMin, x, upper), lower);
          ScalarOp op = (shape & 2) ? ScalarOp::kLess : ScalarOp::kLessEqual;
          expr.root = (shape & 1) ? p.binary(op, x, limit) : p.binary(op, limit, x);
          ScalarExpr through = read_result(expr, value, 1);
          for (double at : kPoints) {
            ScalarExpr clamp{p, value};
            double operands[] = {at, evaluate(clamp, std::array{at})};
            EXPECT_EQ(evaluate(through, operands), evaluate(expr, operands))
                << print(expr) << ", " << print(clamp) << " at " << at;
          }
        }
      }
    }
  }
}

TEST(DerivativeTest, PowersAtZero) {
  ScalarExpr power =
      built([](ScalarPool& p) { return p.binary(ScalarOp::kPower, p.operand(0), p.operand(1)); });
  EXPECT_EQ(evaluate(differentiate(power, 0), std::array{0.0, 0.0}), 0);
  EXPECT_EQ(evaluate(differentiate(power, 0), std::array{0.0, 1.0}), 1);
  EXPECT_EQ(evaluate(differentiate(power, 0), std::array{0.0, 2.0}), 0);
  EXPECT_EQ(evaluate(differentiate(power, 1), std::array{0.0, 2.0}), 0);
  EXPECT_EQ(evaluate(differentiate(power, 1), std::array{0.0, 0.0}), 0);
}

TEST(DerivativeTest, FarOutSlopesAreFinite) {
  const Build kBuilds[] = {
      [](ScalarPool& p) {
        return p.binary(ScalarOp::kMultiply, p.operand(0), p.unary(ScalarOp::kSigmoid, p.operand(0)));
      },
      [](ScalarPool& p) { return p.unary(ScalarOp::kSoftplus, p.operand(0)); },
      [](ScalarPool& p) { return p.unary(ScalarOp::kTanh, p.operand(0)); },
      [](ScalarPool& p) {
        return p.binary(ScalarOp::kMultiply, p.operand(0),
                        p.unary(ScalarOp::kTanh, p.unary(ScalarOp::kSoftplus, p.operand(0))));
      },
      [](ScalarPool& p) {
        return p.binary(ScalarOp::kDivide, p.operand(0),
                        p.binary(ScalarOp::kAdd, p.constant(1), p.unary(ScalarOp::kAbs, p.operand(0))));
      },
  };
  for (Build build : kBuilds) {
    ScalarExpr slope = differentiate(built(build), 0);
    for (double x : {-1e4, -100.0, 100.0, 1e4, 1e30})
      EXPECT_TRUE(std::isfinite(evaluate(slope, std::array{x}))) << x;
  }
}

}  // namespace
}  // namespace netc::graph

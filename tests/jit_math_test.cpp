// The float functions of compiled code against libm in double, over all magnitudes.

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Builder;
using graph::Extents;
using graph::Graph;
using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Within `ulp` units in the last place of a float.
struct Function {
  ScalarOp op;
  std::function<double(double)> reference;
  double ulp;
  double largest = std::numeric_limits<float>::max();  // of the arguments
};

double softplus(double x) {
  return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {ScalarOp::kExp, [](double x) { return std::exp(x); }, 1.25},
      {ScalarOp::kExpm1, [](double x) { return std::expm1(x); }, 2},
      {ScalarOp::kLog, [](double x) { return std::log(x); }, 1},
      {ScalarOp::kLog1p, [](double x) { return std::log1p(x); }, 1.5},
      {ScalarOp::kSin, [](double x) { return std::sin(x); }, 1.5, 0x1p50},
      {ScalarOp::kCos, [](double x) { return std::cos(x); }, 1.5, 0x1p50},
      {ScalarOp::kTanh, [](double x) { return std::tanh(x); }, 1},
      {ScalarOp::kSigmoid, sigmoid, 2.5},
      {ScalarOp::kSoftplus, softplus, 2},
      {ScalarOp::kErf, [](double x) { return std::erf(x); }, 2.25},
      {ScalarOp::kSqrt, [](double x) { return std::sqrt(x); }, 0},
      {ScalarOp::kAbs, [](double x) { return std::abs(x); }, 0},
      {ScalarOp::kFloor, [](double x) { return std::floor(x); }, 0},
      {ScalarOp::kSign, [](double x) { return x > 0   ? 1
                                              : x < 0 ? -1
                                                      : x; }, 0},
  };
  return all;
}

// Both signs of five numbers in each power of two that is a normal float, and the special ones.
std::vector<double> sweep() {
  std::vector<double> points{0, -0.0, kInf,  -kInf, kNaN,   0.5,    -0.5,
                             1, -1,   88.72, 88.73, -87.33, -103.9, -104.1};
  std::mt19937 random(1);
  std::uniform_real_distribution<double> mantissa(1, 2);
  for (int exponent = -126; exponent < 128; ++exponent) {
    for (int i = 0; i < 10; ++i)
      points.push_back(std::ldexp(i % 2 ? mantissa(random) : -mantissa(random), exponent));
  }
  // More where functions bend.
  std::uniform_real_distribution<double> middle(-20, 20);
  for (int i = 0; i < 5000; ++i) points.push_back(middle(random));
  for (double& point : points) point = static_cast<float>(point);
  return points;
}

double ulp_of(double value) {
  const auto rounded = static_cast<float>(std::abs(value));
  const float least = std::numeric_limits<float>::min();
  return std::nextafter(std::max(rounded, least), std::numeric_limits<float>::infinity()) -
         std::max(rounded, least);
}

// Infinite where one is a NaN or an infinity and the other is not.
double error_in_ulps(float got, double wanted) {
  const auto rounded = static_cast<float>(wanted);
  if (got == rounded || (std::isnan(got) && std::isnan(rounded))) return 0;
  if (!std::isfinite(got) || !std::isfinite(rounded)) {
    // A result next to the largest float may round to infinity.
    const bool edge =
        std::abs(wanted) > 0.9999 * std::numeric_limits<float>::max() && std::abs(wanted) < kInf;
    return edge && std::abs(got) > 0.9999 * std::numeric_limits<float>::max() ? 1 : kInf;
  }
  // Results too small for a normal float are 0: flush to zero is on.
  const double least = std::numeric_limits<float>::min();
  if (std::abs(wanted) < 1.0001 * least && std::abs(got) <= 1.0001 * least) return 0;
  return std::abs(got - wanted) / ulp_of(wanted);
}

TEST(JitMath, FunctionsOfOneNumberAreWithinTheirBounds) {
  const std::vector<double> points = sweep();
  Graph graph;
  Builder builder(graph);
  const auto count = static_cast<std::int64_t>(points.size());
  const ValueId x = builder.parameter("x", {count}, {});
  for (const Function& function : functions()) {
    ScalarExpr expr;
    expr.root = expr.pool.unary(function.op, expr.pool.operand(0));
    graph.outputs.push_back({std::string(graph::spelling(function.op)), builder.map(expr, {x})});
  }
  const RunResult run = run_compiled(graph, {{"x", {{count}, points}}});
  for (const Function& function : functions()) {
    const std::vector<float>& got = run.outputs.at(std::string(graph::spelling(function.op)));
    double worst = 0, at = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (std::isfinite(points[i]) && std::abs(points[i]) > function.largest) continue;
      const double wanted = function.reference(points[i]);
      const double error = error_in_ulps(got[i], wanted);
      if (error > worst) worst = error, at = points[i];
    }
    EXPECT_LE(worst, function.ulp) << graph::spelling(function.op) << " of " << std::setprecision(9) << at;
  }
}

// A contraction whose sums are all 0 and whose update of w, long enough to be done in groups, is sqrt(w):
// every second vector of a group has its roots from products on AVX-512.
Graph roots_in_an_update(std::int64_t rows, std::int64_t columns) {
  Graph graph;
  Builder builder(graph);
  const ValueId w = builder.parameter("w", {rows, columns}, {});
  const ValueId zeros = builder.parameter("zeros", {rows, 2}, {}),
                ones = builder.parameter("ones", {2, columns}, {});
  ScalarExpr half;
  half.root = half.pool.binary(ScalarOp::kMultiply, half.pool.operand(0), half.pool.constant(0.5));
  ScalarExpr update;
  graph::ScalarPool& pool = update.pool;
  const graph::ScalarId value = pool.operand(0), sum = pool.operand(1);
  graph::ScalarId unused = sum;
  for (int i = 0; i < 8; ++i)
    unused = pool.binary(ScalarOp::kAdd, pool.binary(ScalarOp::kMultiply, unused, value), sum);
  update.root = pool.select(pool.binary(ScalarOp::kEqual, sum, pool.constant(0)),
                            pool.unary(ScalarOp::kSqrt, value), unused);
  graph.updates.push_back({w, builder.map(update, {w, builder.matmul(builder.map(half, {zeros}), ones)})});
  return graph;
}

TEST(JitMath, RootsInUpdatesAreTheProcessors) {
  constexpr std::int64_t kRows = 512, kColumns = 1000;
  std::vector<double> points = sweep();
  std::mt19937 random(2);
  while (points.size() < kRows * kColumns) {
    const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(random() & 0x7fffffff));
    points.push_back(std::isnan(number) || std::fpclassify(number) == FP_SUBNORMAL ? 2 : number);
  }
  const RunResult run = run_compiled(roots_in_an_update(kRows, kColumns),
                                     {{"w", {{kRows, kColumns}, points}},
                                      {"zeros", {{kRows, 2}, std::vector<double>(kRows * 2, 0.0)}},
                                      {"ones", {{2, kColumns}, std::vector<double>(kColumns * 2, 1.0)}}});
  const std::vector<float>& got = run.leaves.at("w");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const float wanted = std::sqrt(static_cast<float>(points[i]));
    ASSERT_TRUE(std::isnan(wanted)
                    ? std::isnan(got[i])
                    : std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(wanted))
        << points[i] << ": " << got[i] << " instead of " << wanted;
  }
}

// Two operands, every pair of `points`.
struct Pairs {
  explicit Pairs(const std::vector<double>& points) {
    for (double a : points) {
      for (double b : points) first.push_back(a), second.push_back(b);
    }
  }
  std::vector<float> run(const ScalarExpr& expr) const {
    Graph graph;
    Builder builder(graph);
    const auto count = static_cast<std::int64_t>(first.size());
    const ValueId x = builder.parameter("x", {count}, {}), y = builder.state("y", {count}, 0);
    graph.outputs = {{"z", builder.map(expr, {x, y})}};
    return run_compiled(graph, {{"x", {{count}, first}}, {"y", {{count}, second}}}).outputs.at("z");
  }
  std::vector<double> first, second;
};

ScalarExpr of_two(ScalarOp op) {
  ScalarExpr expr;
  expr.root = expr.pool.binary(op, expr.pool.operand(0), expr.pool.operand(1));
  return expr;
}

// exp(y log x): the error grows with the logarithm of the result, 4e-6 at the ends of the range.
TEST(JitMath, PowersAreWithinTheirBound) {
  const Pairs pairs({0, 1,  -1,  2,   -2,   3,   -3,   0.5,   -0.5, 1.5,   -1.5, 2.5,
                     7, 20, -20, 0.1, 1e-3, 1e4, 1e10, -1e10, kInf, -kInf, kNaN});
  const std::vector<float> got = pairs.run(of_two(ScalarOp::kPower));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double wanted = std::pow(static_cast<float>(pairs.first[i]), static_cast<float>(pairs.second[i]));
    EXPECT_LE(error_in_ulps(got[i], wanted), 80)
        << pairs.first[i] << " to the " << pairs.second[i] << ": " << got[i] << " instead of " << wanted;
  }
}

TEST(JitMath, WholeConstantPowersAreProducts) {
  const Pairs pairs({0, 1, -1, 2.5, -3.25, 0.125, 1e10, kInf, -kInf, kNaN});
  for (int exponent : {-3, -2, -1, 0, 1, 2, 3, 5, 7, 10}) {
    ScalarExpr expr;
    expr.root = expr.pool.binary(ScalarOp::kPower, expr.pool.operand(0), expr.pool.constant(exponent));
    const std::vector<float> got = pairs.run(expr);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_LE(error_in_ulps(got[i], std::pow(static_cast<float>(pairs.first[i]), exponent)), 4)
          << pairs.first[i] << " to the " << exponent << ": " << got[i];
  }
}

TEST(JitMath, MinAndMaxLetNaNThroughFromEitherSide) {
  const Pairs pairs({0, 1, -1, 2.5, 1e10, kInf, -kInf, kNaN});
  const std::vector<float> least = pairs.run(of_two(ScalarOp::kMin)),
                           most = pairs.run(of_two(ScalarOp::kMax));
  for (std::size_t i = 0; i < least.size(); ++i) {
    const double a = pairs.first[i], b = pairs.second[i];
    const bool nan = std::isnan(a) || std::isnan(b);
    EXPECT_EQ(error_in_ulps(least[i], nan ? kNaN : std::min(a, b)), 0) << a << ", " << b;
    EXPECT_EQ(error_in_ulps(most[i], nan ? kNaN : std::max(a, b)), 0) << a << ", " << b;
  }
}

}  // namespace
}  // namespace netc::testing

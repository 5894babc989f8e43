// Single kernels of random extents against the reference: matrix products in their three directions,
// reductions, random numbers, copies with the other axis minor.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "runtime/philox.h"
#include "tests/kernel_trial.h"

namespace netc::testing {
namespace {

using graph::Builder;
using graph::Extents;
using graph::Graph;
using graph::ReduceKind;
using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;
using training::ReferenceLeaves;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Evenly over orders of magnitude.
std::int64_t pick_extent(Trial& trial, std::int64_t most) {
  return std::max<std::int64_t>(1, std::llround(std::exp2(static_cast<double>(trial.pick(0, 1000)) / 1000 *
                                                          std::log2(static_cast<double>(most)))));
}

// A shape that the reference multiplies in no time.
std::array<std::int64_t, 3> pick_shape(Trial& trial) {
  constexpr std::int64_t kMostProducts = 100'000;
  for (;;) {
    const std::int64_t m = pick_extent(trial, 512), n = pick_extent(trial, 2048),
                       k = pick_extent(trial, 2048);
    if (m * n * k <= kMostProducts) return {m, n, k};
  }
}

void add_shapes(Trial& trial, int count) {
  for (int number = 0; number < count; ++number) {
    const auto [m, n, k] = pick_shape(trial);
    add_products(trial, m, n, k, number);
  }
}

// A product of few elements may be small beside what it sums up, so its rounding errors are not.
constexpr double kProductTolerance = 1e-4;

// In parts, which can run side by side.
class MatrixProducts : public ::testing::TestWithParam<unsigned> {};

TEST_P(MatrixProducts, AreTheReferencesInThreeDirections) {
  Trial trial(GetParam());
  add_shapes(trial, 50);
  trial.check(kProductTolerance);
}

// Few columns and many k are dot products, which sum up in another order: but in one that a batch does not
// change.
TEST(DotProducts, OfARowAreTheSameInABatchOfAnySize) {
  for (const auto& [n, k] : {std::pair<std::int64_t, std::int64_t>{1, 100}, {3, 47}, {10, 128}, {15, 2048}}) {
    std::vector<float> alone;
    for (std::int64_t m : {1, 2, 33}) {
      Trial trial(1);
      const ValueId w = trial.parameter("w", {k, n});
      trial.output(trial.builder.matmul(trial.activation("x", {m, k}), w));
      const CompiledGraph compiled(trial.graph);
      const auto is_dots = [](const kernel::Kernel& kernel) {
        const auto* contract = std::get_if<kernel::ContractKernel>(&kernel.form);
        return contract && contract->dots;
      };
      EXPECT_EQ(std::count_if(compiled.plan().kernels.begin(), compiled.plan().kernels.end(), is_dots), 1)
          << n << ", " << k;
      const std::vector<float> all = compiled.run(trial.leaves).outputs.at("y0");
      const std::vector<float> first(all.begin(), all.begin() + n);
      if (m == 1) alone = first;
      EXPECT_EQ(first, alone) << n << ", " << k << ", " << m;
    }
  }
}

// Code for other processors takes longer to compile, so there are fewer. Those with fused multiply-adds give
// the same bits, whatever the width of their vectors.
TEST_P(MatrixProducts, AreTheReferencesOnOtherProcessors) {
  Trial trial(100 + GetParam());
  add_shapes(trial, 3);
  const auto reference = training::run_reference(trial.graph, trial.leaves);
  std::optional<RunResult> fused;
  for (const char* cpu : {"x86-64-v4", "x86-64-v3", "x86-64"}) {
    const std::optional<kernel::Target> target = codegen::find_target(cpu);
    if (!target || !codegen::runs_here(*target)) continue;
    const RunResult run = trial.check_run(reference, kProductTolerance, cpu);
    const bool fuses = target->floats_a_register > 4;
    EXPECT_TRUE(!fuses || !fused || same_bits(*fused, run)) << cpu;
    if (fuses) fused = run;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, MatrixProducts, ::testing::Range(1u, 11u));

TEST(Kernels, SumsAndMaximaOfRowsAndColumns) {
  Trial trial(2);
  for (const auto& [rows, columns] : std::vector<std::array<std::int64_t, 2>>{
           {1, 1}, {1, 40}, {7, 1}, {5, 15}, {5, 16}, {9, 17}, {33, 100}, {3, 5000}, {300, 7}, {6, 70}}) {
    const ValueId x = trial.activation(fmt::format("x{}", trial.graph.nodes.size()), {rows, columns});
    for (ReduceKind kind : {ReduceKind::kSum, ReduceKind::kMax})
      trial.output(trial.builder.reduce_axes(kind, x, std::array{1u}));
    trial.output(trial.builder.reduce_axes(ReduceKind::kSum, x, std::array{0u}));
    const ValueId whole = trial.builder.reduce_axes(
        ReduceKind::kSum, trial.builder.reduce_axes(ReduceKind::kSum, x, std::array{1u}), std::array{0u});
    trial.output(whole);
  }
  trial.check();
}

// A tensor of 1 to 4 axes.
Extents pick_extents(Trial& trial, std::size_t rank) {
  Extents extents(rank);
  do {
    for (std::int64_t& extent : extents) extent = pick_extent(trial, 40);
  } while (graph::element_count(extents) > 20'000);
  return extents;
}

std::vector<std::uint32_t> shuffled_axes(Trial& trial, std::size_t rank) {
  std::vector<std::uint32_t> axes(rank);
  for (std::uint32_t i = 0; i < rank; ++i) {
    axes[i] = i;
    std::swap(axes[i], axes[static_cast<std::size_t>(trial.pick(0, i))]);
  }
  return axes;
}

// In the kernels' parts, too.
class Elsewhere : public ::testing::TestWithParam<unsigned> {
 protected:
  // A parameter, which lies in panels, or what a kernel has made.
  ValueId tensor(const Extents& extents) {
    const std::string name = fmt::format("x{}", trial_.graph.nodes.size());
    return trial_.pick(0, 2) == 0 ? trial_.parameter(name, extents) : trial_.activation(name, extents);
  }
  std::size_t rank() { return static_cast<std::size_t>(trial_.pick(1, 4)); }

  static constexpr int kCases = 12;
  Trial trial_{1000 + GetParam()};
};

TEST_P(Elsewhere, ReductionsOverAnyAxes) {
  for (int i = 0; i < kCases; ++i) {
    const Extents extents = pick_extents(trial_, rank());
    std::vector<std::uint32_t> axes = shuffled_axes(trial_, extents.size());
    axes.resize(static_cast<std::size_t>(trial_.pick(1, static_cast<std::int64_t>(axes.size()))));
    std::ranges::sort(axes);
    const ValueId x = tensor(extents);
    ScalarExpr number;
    number.root = number.pool.unary(ScalarOp::kConvert, number.pool.operand(0));
    trial_.output(trial_.builder.reduce_axes(ReduceKind::kSum, x, axes));
    trial_.output(trial_.builder.reduce_axes(ReduceKind::kMax, x, axes));
    trial_.output(trial_.builder.map(number, {trial_.builder.reduce_axes(ReduceKind::kArgmax, x, axes)}));
  }
  trial_.check();
}

TEST_P(Elsewhere, Transposes) {
  for (int i = 0; i < kCases; ++i) {
    const Extents extents = pick_extents(trial_, rank());
    const std::vector<std::uint32_t> axes = shuffled_axes(trial_, extents.size());
    // Axis axes[d] of the result is axis d of the operand.
    Extents result(extents.size());
    for (std::size_t d = 0; d < axes.size(); ++d) result[axes[d]] = extents[d];
    trial_.output(trial_.builder.remap(tensor(extents), graph::axes_map(axes), result));
    ScalarExpr exponential;
    exponential.root = exponential.pool.unary(ScalarOp::kExp, exponential.pool.operand(0));
    trial_.output(trial_.builder.map(exponential, result, {tensor(extents)}, {graph::axes_map(axes)}));
  }
  trial_.check();
}

// Beyond the ends it is 0.
TEST_P(Elsewhere, SlicesWithStrides) {
  for (int i = 0; i < kCases; ++i) {
    const Extents extents = pick_extents(trial_, rank());
    Extents result;
    graph::IndexMap map = graph::identity_map(extents.size());
    for (std::size_t d = 0; d < extents.size(); ++d) {
      map[d].offset = trial_.pick(-2, extents[d]);
      map[d].terms[0].coefficient = trial_.pick(0, 3) == 0 ? -1 : trial_.pick(1, 3);
      result.push_back(trial_.pick(1, extents[d] + 2));
    }
    trial_.output(trial_.builder.remap(tensor(extents), map, result));
  }
  trial_.check();
}

TEST_P(Elsewhere, Joins) {
  for (int i = 0; i < kCases; ++i) {
    Extents extents = pick_extents(trial_, rank());
    const auto axis =
        static_cast<std::uint32_t>(trial_.pick(0, static_cast<std::int64_t>(extents.size()) - 1));
    std::vector<ValueId> parts;
    for (std::int64_t count = trial_.pick(1, 4); count > 0; --count) {
      extents[axis] = trial_.pick(1, 20);
      parts.push_back(tensor(extents));
    }
    trial_.output(trial_.builder.concat(parts, axis));
  }
  trial_.check();
}

// Operands that lack axes, in any place.
TEST_P(Elsewhere, BroadcastsOverAnyAxes) {
  for (int i = 0; i < kCases; ++i) {
    const Extents extents = pick_extents(trial_, rank());
    std::vector<std::uint32_t> kept;
    Extents fewer;
    for (std::uint32_t d = 0; d < extents.size(); ++d) {
      if (trial_.pick(0, 1) == 0) continue;
      kept.push_back(d);
      fewer.push_back(extents[d]);
    }
    ScalarExpr sum;
    sum.root = sum.pool.binary(ScalarOp::kAdd, sum.pool.operand(0), sum.pool.operand(1));
    trial_.output(trial_.builder.map(sum, extents, {tensor(extents), tensor(fewer)},
                                     {graph::identity_map(extents.size()), graph::axes_map(kept)}));
  }
  trial_.check();
}

// Whatever lies how: two parameters, either way.
TEST_P(Elsewhere, ProductsOfAnyLayouts) {
  for (int i = 0; i < kCases; ++i) {
    const std::int64_t m = pick_extent(trial_, 40), n = pick_extent(trial_, 40), k = pick_extent(trial_, 40);
    const bool a_turned = trial_.pick(0, 1) == 1, b_turned = trial_.pick(0, 1) == 1,
               turned = trial_.pick(0, 1) == 1;
    const ValueId a = tensor(a_turned ? Extents{k, m} : Extents{m, k}),
                  b = tensor(b_turned ? Extents{n, k} : Extents{k, n});
    trial_.output(trial_.contract(a, b,
                                  {{m, n, k},
                                   a_turned ? on(2, 0) : on(0, 2),
                                   b_turned ? on(1, 2) : on(2, 1),
                                   turned ? on(1, 0) : on(0, 1)},
                                  turned ? Extents{n, m} : Extents{m, n}));
  }
  trial_.check(kProductTolerance);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Elsewhere, ::testing::Range(1u, 3u));

// Argmax is an integer, so it is looked at as what follows from it.
std::vector<float> argmax_rows(const std::vector<std::vector<float>>& rows) {
  Graph graph;
  Builder builder(graph);
  const auto count = static_cast<std::int64_t>(rows.size()),
             width = static_cast<std::int64_t>(rows[0].size());
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  const ValueId x = builder.parameter("x", {count, width}, {});
  const ValueId best = builder.reduce_axes(ReduceKind::kArgmax, x, std::array{1u});
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kConvert, expr.pool.operand(0));
  graph.outputs = {{"y", builder.map(expr, {best})}};
  const ReferenceLeaves leaves{{"x", {{count, width}, values}}};
  const std::vector<float> got = run_compiled(graph, leaves).outputs.at("y");
  const auto reference = training::run_reference(graph, leaves).outputs.at("y").values;
  EXPECT_EQ(std::vector<double>(got.begin(), got.end()), reference);
  return got;
}

TEST(Kernels, ArgmaxTakesTheFirstOfEqualsAndNaNBeforeAll) {
  EXPECT_EQ(
      argmax_rows({{1, 3, 3, 2}, {kNaN, 5, kNaN, 9}, {-kInf, -kInf, -kInf, -kInf}, {0, kInf, kNaN, kInf}}),
      (std::vector<float>{1, 0, 0, 2}));
  std::vector<std::vector<float>> wide(3, std::vector<float>(70, -1));
  wide[0][64] = wide[0][33] = 2;
  wide[1][69] = 2;
  wide[2][17] = wide[2][16] = kNaN;
  EXPECT_EQ(argmax_rows(wide), (std::vector<float>{33, 69, 16}));
}

// Bit for bit what runtime/philox.h says, whatever the width.
TEST(Kernels, RandomNumbersArePhilox) {
  for (std::int64_t columns : {1, 10, 16, 37, 64, 129}) {
    Graph graph;
    Builder builder(graph);
    const ValueId step = builder.input("step", {graph::DType::kI32, {}});
    const ValueId numbers = builder.random(0x123456789abcdef0, {7, columns}, step);
    ScalarExpr expr;
    expr.root = expr.pool.binary(ScalarOp::kAdd, expr.pool.operand(0), expr.pool.operand(0));
    graph.outputs = {{"random", numbers}, {"twice", builder.map(expr, {numbers})}};
    const std::uint64_t seed = 0xfeedfacecafebeef;
    const RunResult run = run_compiled(graph, {{"step", {{}, {9}}}}, {2, "", seed});
    for (std::size_t i = 0; i < static_cast<std::size_t>(7 * columns); ++i) {
      const double wanted = runtime::to_unit(runtime::random_bits(seed, 0x123456789abcdef0, 9, i));
      ASSERT_EQ(run.outputs.at("random")[i], wanted) << columns << " columns, element " << i;
      ASSERT_EQ(run.outputs.at("twice")[i], 2 * wanted) << columns << " columns, element " << i;
    }
  }
}

// Sums that lie close together must not depend on how many rows or columns others have: the order of a sum
// is a matter of its own extent.
TEST(Kernels, TheOrderOfASumDependsOnItsExtentAlone) {
  auto first_row = [](std::int64_t rows) {
    Trial trial(3);
    const ValueId x = trial.activation("x", {1, 301}), w = trial.parameter("w", {301, 20});
    trial.leaves["x"].extents = {rows, 301};
    std::vector<double>& values = trial.leaves["x"].values;
    for (std::int64_t r = 1; r < rows; ++r) values.insert(values.end(), values.begin(), values.begin() + 301);
    for (graph::Node& node : trial.graph.nodes) {
      if (node.type.extents.size() == 2 && node.type.extents[0] == 1) node.type.extents[0] = rows;
    }
    trial.output(trial.builder.matmul(x, w));
    std::vector<float> result = run_compiled(trial.graph, trial.leaves).outputs.at("y0");
    result.resize(20);
    return result;
  };
  const std::vector<float> one = first_row(1);
  for (std::int64_t rows : {2, 7, 8, 16, 31, 100}) EXPECT_EQ(one, first_row(rows)) << rows << " rows";
}

}  // namespace
}  // namespace netc::testing

#include "compiler/training/autodiff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "compiler/training/gradient_check.h"

namespace netc::training {
namespace {

using namespace graph;

IndexMap on(std::vector<std::uint32_t> axes) { return axes_map(axes); }

// A graph under construction, and a scalar of any of its values whose gradient differs from element to
// element.
struct Trial {
  Graph graph;
  Builder b{graph};
  std::mt19937 random;
  ReferenceLeaves leaves;

  explicit Trial(unsigned seed = 1) : random(seed) {}

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }

  ValueId leaf(std::string name, Extents extents) {
    return b.parameter(std::move(name), std::move(extents), {});
  }

  // sum of sin(value) * weights
  ValueId scalar_of(ValueId value) {
    Extents extents = graph.type(value).extents;
    ValueId weights = b.input("weights", {DType::kF32, extents});
    ScalarExpr expr;
    ScalarId wave = expr.pool.unary(ScalarOp::kSin, expr.pool.operand(0));
    expr.root = expr.pool.binary(ScalarOp::kMultiply, wave, expr.pool.operand(1));
    ValueId product = b.map(std::move(expr), {value, weights});
    std::vector<std::uint32_t> axes;
    for (std::uint32_t axis = 0; axis < extents.size(); ++axis) axes.push_back(axis);
    return b.reduce_axes(ReduceKind::kSum, product, axes);
  }

  void check(ValueId value, const std::vector<ValueId>& wanted, double tolerance = 1e-6) {
    ValueId scalar = scalar_of(value);
    fill_leaves(graph, leaves, random);
    expect_gradients(graph, scalar, wanted, leaves, tolerance);
  }

  // An affine map from a domain into anything: some of its points may lie outside.
  IndexMap random_map(std::size_t domain_rank, std::size_t rank) {
    IndexMap map(rank);
    for (AffineIndex& entry : map) {
      entry.offset = pick(-1, 2);
      for (std::uint32_t axis = 0; axis < domain_rank; ++axis) {
        if (pick(0, 2) == 0) entry.terms.push_back({axis, pick(0, 1) == 0 ? pick(1, 2) : -1});
      }
    }
    return map;
  }

  Extents random_extents(std::size_t rank) {
    Extents extents(rank);
    for (std::int64_t& extent : extents) extent = pick(1, 4);
    return extents;
  }
};

ScalarExpr random_expression(Trial& trial, std::size_t operands) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kTanh, expr.pool.operand(0));
  for (std::uint32_t i = 1; i < operands; ++i) {
    ScalarOp op = trial.pick(0, 1) == 0 ? ScalarOp::kAdd : ScalarOp::kMultiply;
    expr.root = expr.pool.binary(op, expr.root, expr.pool.operand(i));
  }
  return expr;
}

TEST(AutodiffTest, MapsOverAnyIndexMaps) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Trial t(seed);
    Extents extents = t.random_extents(static_cast<std::size_t>(t.pick(0, 3)));
    std::vector<ValueId> operands;
    std::vector<IndexMap> maps;
    for (int i = 0; i < 3; ++i) {
      auto rank = static_cast<std::size_t>(t.pick(0, 2));
      operands.push_back(t.leaf(fmt::format("x{}", i), t.random_extents(rank)));
      maps.push_back(t.random_map(extents.size(), rank));
    }
    ScalarExpr expr = random_expression(t, 3);
    t.check(t.b.map(std::move(expr), extents, operands, maps), operands);
  }
}

TEST(AutodiffTest, ContractionsOverAnyIndexMaps) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Trial t(seed);
    auto domain_rank = static_cast<std::size_t>(t.pick(1, 4));
    ValueId a = t.leaf("a", t.random_extents(2)), b = t.leaf("b", t.random_extents(2));
    auto rank = static_cast<std::size_t>(t.pick(0, 3));
    Contract contract{.domain = t.random_extents(domain_rank),
                      .a = t.random_map(domain_rank, 2),
                      .b = t.random_map(domain_rank, 2),
                      .result = t.random_map(domain_rank, rank)};
    t.check(t.b.contract(a, b, std::move(contract), t.random_extents(rank)), {a, b});
  }
}

// x: [batch, height, channels], kernel: [taps, channels, filters]; strided, dilated, padded.
TEST(AutodiffTest, Convolutions) {
  for (std::int64_t stride : {1, 2}) {
    for (std::int64_t dilation : {1, 2}) {
      Trial t;
      ValueId x = t.leaf("x", {2, 7, 2}), kernel = t.leaf("kernel", {3, 2, 3});
      std::int64_t out = (7 + 2 - dilation * 2 - 1) / stride + 1;
      AffineIndex place{.offset = -1, .terms = {{1, stride}, {3, dilation}}};
      // (batch, place, filter, tap, channel)
      Contract contract{.domain = {2, out, 3, 3, 2},
                        .a = {{.offset = 0, .terms = {{0, 1}}}, place, {.offset = 0, .terms = {{4, 1}}}},
                        .b = on({3, 4, 2}),
                        .result = on({0, 1, 2})};
      t.check(t.b.contract(x, kernel, std::move(contract), {2, out, 3}), {x, kernel});
    }
  }
}

TEST(AutodiffTest, SumsOverAnyIndexMaps) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Trial t(seed);
    auto domain_rank = static_cast<std::size_t>(t.pick(1, 3)), rank = static_cast<std::size_t>(t.pick(0, 2));
    ValueId x = t.leaf("x", t.random_extents(2));
    Extents domain = t.random_extents(domain_rank), result = t.random_extents(rank);
    IndexMap operand_map = t.random_map(domain_rank, 2), result_map = t.random_map(domain_rank, rank);
    t.check(t.b.reduce(ReduceKind::kSum, x, domain, operand_map, result_map, result), {x});
  }
}

// x: [batch, places]; windows of 3 with stride 2, the last of which hangs over the end.
TEST(AutodiffTest, MaximaOverWindows) {
  Trial t;
  ValueId x = t.leaf("x", {3, 6});
  AffineIndex place{.offset = 0, .terms = {{1, 2}, {2, 1}}};
  IndexMap window{{.offset = 0, .terms = {{0, 1}}}, place};
  t.check(t.b.reduce(ReduceKind::kMax, x, {3, 3, 3}, window, on({0, 1}), {3, 3}), {x});
}

TEST(AutodiffTest, MaximaOverSeveralAxes) {
  Trial t;
  ValueId x = t.leaf("x", {2, 3, 2, 2});
  t.check(t.b.reduce_axes(ReduceKind::kMax, x, std::array{0u, 2u, 3u}), {x});
}

TEST(AutodiffTest, ATieBelongsToTheFirstMaximum) {
  Trial t;
  ValueId x = t.leaf("x", {2, 3});
  ValueId best = t.b.reduce_axes(ReduceKind::kMax, x, std::array{1u});
  ValueId total = t.b.reduce_axes(ReduceKind::kSum, best, std::array{0u});
  ValueId gradient = add_gradients(t.graph, total, {x})[0];
  t.leaves["x"] = {{2, 3}, {1, 2, 2, 0, 0, 0}};
  EXPECT_EQ(run_reference(t.graph, t.leaves).values[index(gradient)].values,
            (std::vector<double>{0, 1, 0, 1, 0, 0}));
}

TEST(AutodiffTest, Views) {
  Trial t;
  ValueId x = t.leaf("x", {2, 3, 4});
  ValueId turned = t.b.remap(t.b.reshape(x, {6, 4}), on({1, 0}), {4, 6});
  // Padded by one on each side, each second column, backwards.
  IndexMap window{{.offset = -1, .terms = {{0, 1}}}, {.offset = 5, .terms = {{1, -2}}}};
  ValueId padded = t.b.remap(turned, window, {6, 3});
  ValueId joined =
      t.b.concat({padded, t.b.reshape(t.b.remap(turned, on({0, 1}), {3, 2}), {6, 1}), padded}, 1);
  t.check(joined, {x});
}

TEST(AutodiffTest, OverlappingWindowsByRemap) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    Trial t(seed);
    ValueId x = t.leaf("x", t.random_extents(2));
    IndexMap map = t.random_map(3, 2);
    t.check(t.b.remap(x, map, t.random_extents(3)), {x});
  }
}

TEST(AutodiffTest, GatherAndScatterAdd) {
  Trial t;
  ValueId table = t.leaf("table", {4, 3}), updates = t.leaf("updates", {2, 3, 2});
  ValueId indices = t.b.input("indices", {DType::kI32, {2, 3}});
  // One of them is out of range, and some repeat.
  t.leaves["indices"] = {{2, 3}, {0, 3, 3, 1, 7, 0}};
  ValueId rows = t.b.gather(table, indices);
  ValueId sums = t.b.scatter_add(indices, updates, 4);
  ValueId joined = t.b.concat({t.b.reshape(rows, {18}), t.b.reshape(sums, {8})}, 0);
  t.check(joined, {table, updates});
}

TEST(AutodiffTest, SeveralUsesAddUp) {
  Trial t;
  ValueId w = t.leaf("w", {3, 3});
  ValueId once = t.b.matmul(w, w);
  ValueId twice = t.b.binary(ScalarOp::kMultiply, t.b.matmul(once, w), w);
  t.check(t.b.binary(ScalarOp::kAdd, twice, t.b.reduce_axes(ReduceKind::kSum, w, std::array{0u, 1u})), {w});
}

TEST(AutodiffTest, GradientsOfInnerValuesAndOfStrangers) {
  Trial t;
  ValueId x = t.leaf("x", {2}), stranger = t.leaf("stranger", {3});
  ValueId square = t.b.binary(ScalarOp::kMultiply, x, x);
  ValueId total = t.b.reduce_axes(ReduceKind::kSum, square, std::array{0u});
  std::vector<ValueId> gradients = add_gradients(t.graph, total, {x, square, stranger, total});
  t.leaves = {{"x", {{2}, {3, 4}}}, {"stranger", {{3}, {1, 1, 1}}}};
  EXPECT_EQ(verify(t.graph), "");
  ReferenceRun run = run_reference(t.graph, t.leaves);
  EXPECT_EQ(run.values[index(gradients[0])].values, (std::vector<double>{6, 8}));
  EXPECT_EQ(run.values[index(gradients[1])].values, (std::vector<double>{1, 1}));
  EXPECT_EQ(run.values[index(gradients[2])].values, (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(run.values[index(gradients[3])].values, (std::vector<double>{1}));
}

TEST(AutodiffTest, StopGradientStops) {
  Trial t;
  ValueId x = t.leaf("x", {2});
  ScalarExpr expr;
  ScalarId operand = expr.pool.operand(0);
  expr.root =
      expr.pool.binary(ScalarOp::kMultiply, operand, expr.pool.unary(ScalarOp::kStopGradient, operand));
  ValueId total = t.b.reduce_axes(ReduceKind::kSum, t.b.map(std::move(expr), {x}), std::array{0u});
  std::size_t before = t.graph.nodes.size();
  ValueId gradient = add_gradients(t.graph, total, {x})[0];
  EXPECT_EQ(t.graph.nodes.size(), before + 1);
  t.leaves = {{"x", {{2}, {3, 4}}}};
  EXPECT_EQ(run_reference(t.graph, t.leaves).values[index(gradient)].values, (std::vector<double>{3, 4}));
}

// As a person would write it: a product for each weight, one map for each activation, and the mean's share as
// a number.
TEST(AutodiffTest, GradientsOfALayerArePlain) {
  Trial t;
  ValueId x = t.b.input("x", {DType::kF32, {4, 3}});
  ValueId w = t.leaf("w", {3, 2}), bias = t.leaf("b", {2});
  ScalarExpr relu;
  ScalarId sum = relu.pool.binary(ScalarOp::kAdd, relu.pool.operand(0), relu.pool.operand(1));
  relu.root = relu.pool.binary(ScalarOp::kMax, relu.pool.constant(0), sum);
  ValueId h = t.b.map(std::move(relu), {4, 2}, {t.b.matmul(x, w), bias}, {identity_map(2), on({1})});
  ValueId total = t.b.reduce_axes(ReduceKind::kSum, h, std::array{0u, 1u});
  ScalarExpr share;
  share.root = share.pool.binary(ScalarOp::kMultiply, share.pool.operand(0), share.pool.constant(0.125));
  ValueId mean = t.b.map(std::move(share), {total});
  std::size_t before = print(t.graph).size();
  std::vector<ValueId> gradients = add_gradients(t.graph, mean, {w, bias});
  EXPECT_EQ(print(t.graph).substr(before),
            "%7 = map f32[4, 2] (i, j) if %4[i, j] <= 0 then 0 else 0.125\n"
            "%8 = reduce sum f32[2] (i, j in 4, 2) %7[i, j] -> [j]\n"
            "%9 = contract f32[3, 2] (i, j, k in 4, 2, 3) a=%0[i, k] b=%7[i, j] -> [k, j]\n");
  EXPECT_EQ(gradients, (std::vector<ValueId>{ValueId{9}, ValueId{8}}));
}

}  // namespace
}  // namespace netc::training

#include "compiler/training/reference.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "runtime/philox.h"

namespace netc::training {
namespace {

using namespace graph;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The value of one node.
std::vector<double> value_of(const Graph& graph, ValueId id, const ReferenceLeaves& leaves = {},
                             std::uint64_t seed = 0) {
  EXPECT_EQ(verify(graph), "");
  return run_reference(graph, leaves, seed).values[index(id)].values;
}

using Values = std::vector<double>;

TEST(ReferenceTest, PhiloxGivesThePublishedNumbers) {
  EXPECT_EQ(runtime::philox({0, 0, 0, 0}, 0, 0),
            (runtime::PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(runtime::philox({kOnes, kOnes, kOnes, kOnes}, kOnes, kOnes),
            (runtime::PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(runtime::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (runtime::PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(ReferenceTest, RandomIsUniformAndAFunctionOfItsKey) {
  Graph graph;
  Builder b(graph);
  ValueId step = b.input("step", {DType::kI32, {}});
  ValueId first = b.random(1, {100000}, step), second = b.random(2, {100000}, step);
  auto at = [&](ValueId id, double step_value, std::uint64_t seed) {
    return value_of(graph, id, {{"step", {{}, {step_value}}}}, seed);
  };
  Values numbers = at(first, 3, 9);
  double sum = 0, squares = 0;
  for (double number : numbers) {
    ASSERT_GE(number, 0);
    ASSERT_LT(number, 1);
    sum += number;
    squares += number * number;
  }
  EXPECT_NEAR(sum / 1e5, 0.5, 0.005);
  EXPECT_NEAR(squares / 1e5, 1.0 / 3, 0.005);
  EXPECT_EQ(numbers, at(first, 3, 9));
  EXPECT_NE(numbers, at(second, 3, 9));
  EXPECT_NE(numbers, at(first, 4, 9));
  EXPECT_NE(numbers, at(first, 3, 10));
  for (std::size_t element : {0u, 15u, 16u, 63u, 64u, 99999u}) {
    EXPECT_EQ(numbers[element], runtime::to_unit(runtime::random_bits(9, 1, 3, element)));
  }
}

TEST(ReferenceTest, ContractsAsMatricesDo) {
  Graph graph;
  Builder b(graph);
  ValueId a = b.input("a", {DType::kF32, {2, 3}}), c = b.input("c", {DType::kF32, {3, 2}});
  ReferenceLeaves leaves{{"a", {{2, 3}, {1, 2, 3, 4, 5, 6}}}, {"c", {{3, 2}, {7, 8, 9, 10, 11, 12}}}};
  EXPECT_EQ(value_of(graph, b.matmul(a, c), leaves), (Values{58, 64, 139, 154}));
}

TEST(ReferenceTest, OutsideIsZeroAndWritesThereAreDropped) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {DType::kF32, {3}});
  ReferenceLeaves leaves{{"x", {{3}, {1, 2, 3}}}};
  IndexMap shifted{{.offset = -1, .terms = {{0, 1}}}};
  EXPECT_EQ(value_of(graph, b.remap(x, shifted, {5}), leaves), (Values{0, 1, 2, 3, 0}));
  EXPECT_EQ(value_of(graph, b.reduce(ReduceKind::kSum, x, {3}, identity_map(1), shifted, {4}), leaves),
            (Values{2, 3, 0, 0}));
  // Several points write one element.
  IndexMap everywhere_first{{.offset = 0, .terms = {}}};
  EXPECT_EQ(
      value_of(graph, b.reduce(ReduceKind::kSum, x, {3}, identity_map(1), everywhere_first, {2}), leaves),
      (Values{6, 0}));
  ScalarExpr cosine;
  cosine.root = cosine.pool.unary(ScalarOp::kCos, cosine.pool.operand(0));
  EXPECT_EQ(value_of(graph, b.map(cosine, {2}, {x}, {{{.offset = 3, .terms = {{0, 1}}}}}), leaves),
            (Values{1, 1}));
}

TEST(ReferenceTest, MaximaAndTheirPlaces) {
  double nan = std::nan("");
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {DType::kF32, {4, 3}});
  ValueId best = b.reduce_axes(ReduceKind::kMax, x, std::array{1u}),
          place = b.reduce_axes(ReduceKind::kArgmax, x, std::array{1u});
  ValueId first_axis = b.reduce_axes(ReduceKind::kArgmax, x, std::array{0u});
  ReferenceLeaves leaves{
      {"x", {{4, 3}, {1, 5, 5, 2, nan, 9, -kInfinity, -kInfinity, -kInfinity, -1, -3, -2}}}};
  Values found = value_of(graph, best, leaves);
  EXPECT_EQ(found[0], 5);
  EXPECT_TRUE(std::isnan(found[1]));
  EXPECT_EQ(found[2], -kInfinity);
  EXPECT_EQ(found[3], -1);
  EXPECT_EQ(value_of(graph, place, leaves), (Values{1, 1, 0, 0}));
  EXPECT_EQ(value_of(graph, first_axis, leaves), (Values{1, 1, 1}));
  // Nothing is written to the second element.
  ValueId one = b.reduce(ReduceKind::kMax, x, {4, 3}, identity_map(2), {{.offset = 0, .terms = {}}}, {2});
  EXPECT_EQ(value_of(graph, one, leaves)[1], -kInfinity);
}

TEST(ReferenceTest, PaddingIsNeverAMaximum) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {DType::kF32, {3}});
  ReferenceLeaves leaves{{"x", {{3}, {-5, -3, -4}}}};
  // Windows of three around each place; the first begins, and the last ends, outside.
  IndexMap window{{.offset = -1, .terms = {{0, 1}, {1, 1}}}}, kept = axes_map(std::array{0u});
  EXPECT_EQ(value_of(graph, b.reduce(ReduceKind::kMax, x, {3, 3}, window, kept, {3}), leaves),
            (Values{-3, -3, -3}));
  EXPECT_EQ(value_of(graph, b.reduce(ReduceKind::kArgmax, x, {3, 3}, window, kept, {3}), leaves),
            (Values{2, 1, 0}));
}

TEST(ReferenceTest, GatherScatterAndConcat) {
  Graph graph;
  Builder b(graph);
  ValueId table = b.input("table", {DType::kF32, {3, 2}}), at = b.input("at", {DType::kI32, {4}});
  ReferenceLeaves leaves{{"table", {{3, 2}, {1, 2, 3, 4, 5, 6}}}, {"at", {{4}, {2, -1, 0, 2}}}};
  ValueId rows = b.gather(table, at);
  EXPECT_EQ(value_of(graph, rows, leaves), (Values{5, 6, 0, 0, 1, 2, 5, 6}));
  EXPECT_EQ(value_of(graph, b.scatter_add(at, rows, 3), leaves), (Values{1, 2, 0, 0, 10, 12}));
  EXPECT_EQ(value_of(graph, b.concat({table, table}, 1), leaves),
            (Values{1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6}));
  EXPECT_EQ(value_of(graph, b.iota({2, 2}, 1), leaves), (Values{0, 1, 0, 1}));
}

// carry' = 2 * carry + slice, stacked as it was before the step.
TEST(ReferenceTest, ScansBothWays) {
  auto body = std::make_shared<Graph>();
  Builder inner(*body);
  ValueId carry = inner.input("", {DType::kF32, {}}), slice = inner.input("", {DType::kF32, {}});
  ValueId twice = inner.binary(ScalarOp::kAdd, carry, carry);
  body->outputs = {{"carry", inner.binary(ScalarOp::kAdd, twice, slice)}, {"before", carry}};
  for (bool reverse : {false, true}) {
    Graph graph;
    Builder b(graph);
    ValueId start = b.input("start", {DType::kF32, {}}), sequence = b.input("sequence", {DType::kF32, {3}});
    Scan scan{.body = body, .steps = 3, .carries = 1, .sequences = 1, .reverse = reverse};
    std::vector<ValueId> results = b.scan(std::move(scan), {start, sequence});
    ReferenceLeaves leaves{{"start", {{}, {1}}}, {"sequence", {{3}, {1, 2, 3}}}};
    EXPECT_EQ(value_of(graph, results[0], leaves), (reverse ? Values{25} : Values{19}));
    EXPECT_EQ(value_of(graph, results[1], leaves), (reverse ? Values{12, 5, 1} : Values{1, 3, 8}));
  }
}

TEST(ReferenceTest, OutputsAndNextValues) {
  Graph graph;
  Builder b(graph);
  ValueId w = b.parameter("w", {2}, {}), v = b.state("v", {2}, 0);
  ValueId next_v = b.binary(ScalarOp::kAdd, v, w);
  ValueId next_w = b.binary(ScalarOp::kSubtract, w, next_v);
  graph.outputs = {{"v", next_v}};
  graph.updates = {{w, next_w}, {v, next_v}};
  ReferenceRun run = run_reference(graph, {{"w", {{2}, {1, 2}}}, {"v", {{2}, {3, 4}}}});
  EXPECT_EQ(run.outputs.at("v").values, (Values{4, 6}));
  EXPECT_EQ(run.next.at("w").values, (Values{-3, -4}));
  EXPECT_EQ(run.next.at("v").values, (Values{4, 6}));
}

}  // namespace
}  // namespace netc::training

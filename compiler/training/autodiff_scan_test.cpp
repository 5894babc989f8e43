#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "compiler/training/gradient_check.h"

namespace netc::training {
namespace {

using namespace graph;

constexpr DType kF32 = DType::kF32;

ScalarExpr tanh_of_sum(std::uint32_t terms) {
  ScalarExpr expr;
  expr.root = expr.pool.operand(0);
  for (std::uint32_t i = 1; i < terms; ++i) {
    expr.root = expr.pool.binary(ScalarOp::kAdd, expr.root, expr.pool.operand(i));
  }
  expr.root = expr.pool.unary(ScalarOp::kTanh, expr.root);
  return expr;
}

// h' = tanh(x w + h u), c' = c * h' + count; stacked: c', h' * x; the i32 carry only counts.
std::shared_ptr<const Graph> cell() {
  auto body = std::make_shared<Graph>();
  Builder b(*body);
  ValueId h = b.input("", {kF32, {2, 3}}), c = b.input("", {kF32, {2, 3}});
  ValueId x = b.input("", {kF32, {2, 3}}), key = b.input("", {DType::kI32, {2, 3}});
  ValueId w = b.input("", {kF32, {3, 3}}), u = b.input("", {kF32, {3, 3}});
  ValueId next_h = b.map(tanh_of_sum(2), {b.matmul(x, w), b.matmul(h, u)});
  ScalarExpr mixed;
  ScalarPool& p = mixed.pool;
  ScalarId product = p.binary(ScalarOp::kMultiply, p.operand(0), p.operand(1));
  mixed.root = p.binary(ScalarOp::kAdd, product, p.unary(ScalarOp::kConvert, p.operand(2)));
  ValueId next_c = b.map(std::move(mixed), {c, next_h, key});
  ValueId seen = b.binary(ScalarOp::kMultiply, next_h, x);
  body->outputs = {{"h", next_h}, {"c", next_c}, {"seen", seen}, {"c", next_c}};
  return body;
}

struct Trial {
  Graph graph;
  Builder b{graph};
  ValueId h = b.parameter("h", {2, 3}, {}), c = b.parameter("c", {2, 3}, {}),
          x = b.parameter("x", {4, 2, 3}, {}), w = b.parameter("w", {3, 3}, {}),
          u = b.parameter("u", {3, 3}, {});
  ValueId key = b.input("key", {DType::kI32, {4, 2, 3}});
  std::vector<ValueId> results;

  explicit Trial(bool reverse) {
    Scan scan{.body = cell(), .steps = 4, .carries = 2, .sequences = 2, .reverse = reverse};
    results = b.scan(std::move(scan), {h, c, x, key, w, u});
  }

  // Weighs the elements of some of the results.
  void check(const std::vector<ValueId>& used) {
    ValueId total = b.constant(0);
    for (std::size_t i = 0; i < used.size(); ++i) {
      std::int64_t count = element_count(graph.type(used[i]).extents);
      ValueId weights = b.input(std::string(1, static_cast<char>('A' + i)), {kF32, {count}});
      ValueId flat = b.reshape(used[i], {count});
      ValueId product = b.binary(ScalarOp::kMultiply, b.binary(ScalarOp::kMultiply, flat, flat), weights);
      total = b.binary(ScalarOp::kAdd, total, b.reduce_axes(ReduceKind::kSum, product, std::array{0u}));
    }
    std::mt19937 random(3);
    ReferenceLeaves leaves;
    leaves["key"] = {{4, 2, 3}, std::vector<double>(24, 1)};
    fill_leaves(graph, leaves, random);
    expect_gradients(graph, total, {h, c, x, w, u}, leaves);
  }
};

TEST(AutodiffScanTest, AllResults) {
  for (bool reverse : {false, true}) {
    Trial t(reverse);
    t.check(t.results);
  }
}

TEST(AutodiffScanTest, SomeResults) {
  for (bool reverse : {false, true}) {
    for (std::size_t only = 0; only < 4; ++only) {
      Trial t(reverse);
      t.check({t.results[only]});
    }
  }
}

// A body that hands its carry on as it is, and stacks a sequence as it is.
TEST(AutodiffScanTest, PassesThrough) {
  auto body = std::make_shared<Graph>();
  Builder inner(*body);
  ValueId carry = inner.input("", {kF32, {2}}), slice = inner.input("", {kF32, {2}});
  body->outputs = {{"carry", carry}, {"slice", slice}, {"carry", carry}};
  Graph graph;
  Builder b(graph);
  ValueId start = b.parameter("start", {2}, {}), sequence = b.parameter("sequence", {3, 2}, {});
  auto results = b.scan({.body = body, .steps = 3, .carries = 1, .sequences = 1}, {start, sequence});
  ValueId sum = b.binary(ScalarOp::kMultiply, results[1], results[2]);
  ValueId total = b.reduce_axes(ReduceKind::kSum, sum, std::array{0u, 1u});
  std::mt19937 random(4);
  ReferenceLeaves leaves;
  fill_leaves(graph, leaves, random);
  expect_gradients(graph, total, {start, sequence}, leaves);
}

// A scan of scans: the inner one is part of the outer one's body.
TEST(AutodiffScanTest, Nested) {
  auto innermost = std::make_shared<Graph>();
  {
    Builder b(*innermost);
    ValueId carry = b.input("", {kF32, {}}), slice = b.input("", {kF32, {}}),
            factor = b.input("", {kF32, {}});
    innermost->outputs = {
        {"carry", b.map(tanh_of_sum(2), {b.binary(ScalarOp::kMultiply, carry, factor), slice})}};
  }
  auto body = std::make_shared<Graph>();
  {
    Builder b(*body);
    ValueId carry = b.input("", {kF32, {}}), row = b.input("", {kF32, {3}}), factor = b.input("", {kF32, {}});
    Scan scan{.body = innermost, .steps = 3, .carries = 1, .sequences = 1, .reverse = true};
    body->outputs = {{"carry", b.scan(std::move(scan), {carry, row, factor})[0]}};
  }
  Graph graph;
  Builder b(graph);
  ValueId start = b.parameter("start", {}, {}), rows = b.parameter("rows", {2, 3}, {}),
          factor = b.parameter("factor", {}, {});
  ValueId total = b.scan({.body = body, .steps = 2, .carries = 1, .sequences = 1}, {start, rows, factor})[0];
  std::mt19937 random(5);
  ReferenceLeaves leaves;
  fill_leaves(graph, leaves, random);
  expect_gradients(graph, total, {start, rows, factor}, leaves);
}

}  // namespace
}  // namespace netc::training

#include "tests/bench/matrix_product.h"

#include <algorithm>
#include <array>

namespace netc::bench {

namespace {

using graph::Builder;
using graph::Extents;
using graph::IndexMap;
using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

IndexMap on(std::uint32_t first, std::uint32_t second) { return graph::axes_map(std::array{first, second}); }

ValueId forward(Builder& builder, const Shape& s) {
  const ValueId x = add_activation(builder, "x", {s.m, s.k}),
                w = builder.parameter("w", {s.k, s.n}, kUniform);
  const ValueId bias = builder.parameter("bias", {s.n}, kUniform);
  ScalarExpr sum;
  sum.root = sum.pool.binary(ScalarOp::kAdd, sum.pool.operand(0), sum.pool.operand(1));
  return builder.map(sum, {s.m, s.n}, {builder.matmul(x, w), bias},
                     {graph::identity_map(2), graph::axes_map(std::array{1u})});
}

ValueId backward_data(Builder& builder, const Shape& s) {
  const ValueId dy = add_activation(builder, "dy", {s.m, s.n}),
                w = builder.parameter("w", {s.k, s.n}, kUniform);
  return builder.contract(dy, w, {{s.m, s.k, s.n}, on(0, 2), on(1, 2), on(0, 1)}, {s.m, s.k});
}

void backward_weights(Builder& builder, const Shape& s) {
  const ValueId x = add_activation(builder, "x", {s.m, s.k}), dy = add_activation(builder, "dy", {s.m, s.n});
  const ValueId w = builder.parameter("w", {s.k, s.n}, kUniform);
  const ValueId gradient =
      builder.contract(x, dy, {{s.k, s.n, s.m}, on(2, 0), on(2, 1), on(0, 1)}, {s.k, s.n});
  ScalarExpr step;
  const graph::ScalarId change =
      step.pool.binary(ScalarOp::kMultiply, step.pool.operand(1), step.pool.constant(1e-6));
  step.root = step.pool.binary(ScalarOp::kSubtract, step.pool.operand(0), change);
  builder.graph().updates.push_back({w, builder.map(step, {w, gradient})});
}

// The factor by which an axis grows along the vectors.
double waste(std::int64_t extent) {
  return static_cast<double>(kernel::blocks_of(extent) * kernel::kLanes) / static_cast<double>(extent);
}

}  // namespace

graph::Graph build_product(Direction direction, const Shape& shape) {
  graph::Graph graph;
  Builder builder(graph);
  switch (direction) {
    case Direction::kForward: graph.outputs.push_back({"y", forward(builder, shape)}); break;
    case Direction::kBackwardData: graph.outputs.push_back({"dx", backward_data(builder, shape)}); break;
    case Direction::kBackwardWeights: backward_weights(builder, shape); break;
  }
  return graph;
}

Work work_of(Direction direction, const Shape& shape) {
  const auto bytes = [](std::int64_t elements) { return static_cast<std::size_t>(4 * elements); };
  const std::size_t x = bytes(shape.m * shape.k), w = bytes(shape.k * shape.n), y = bytes(shape.m * shape.n);
  const double flops = 2 * static_cast<double>(shape.m) * static_cast<double>(shape.n * shape.k);
  auto padded = [&](std::int64_t rows, std::int64_t columns) {
    return flops * std::min(waste(rows), waste(columns));
  };
  switch (direction) {
    case Direction::kForward: return {flops, padded(shape.m, shape.n), x + w + bytes(shape.n), y, 0};
    case Direction::kBackwardData: return {flops, padded(shape.m, shape.k), y + w, x, 0};
    case Direction::kBackwardWeights: return {flops, padded(shape.k, shape.n), x + y, 0, w};
  }
  return {};
}

}  // namespace netc::bench

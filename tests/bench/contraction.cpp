#include "tests/bench/contraction.h"

#include <algorithm>

#include "compiler/driver/bind.h"
#include "compiler/graph/build.h"
#include "compiler/kernel/lower.h"
#include "compiler/support/check.h"

namespace netc::bench {

namespace {

using graph::Builder;
using graph::Extents;
using graph::IndexMap;
using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

constexpr graph::Initializer kUniform{graph::Initializer::Kind::kUniform, 0.5};

IndexMap on(std::uint32_t first, std::uint32_t second) { return graph::axes_map(std::array{first, second}); }

// What another kernel has made, as a layer's input is.
ValueId activation(Builder& builder, const std::string& name, const Extents& extents) {
  ScalarExpr half;
  half.root = half.pool.binary(ScalarOp::kMultiply, half.pool.operand(0), half.pool.constant(0.5));
  return builder.map(half, {builder.parameter(name, extents, kUniform)});
}

ValueId forward(Builder& builder, const Shape& s) {
  const ValueId x = activation(builder, "x", {s.m, s.k}), w = builder.parameter("w", {s.k, s.n}, kUniform);
  const ValueId bias = builder.parameter("bias", {s.n}, kUniform);
  ScalarExpr sum;
  sum.root = sum.pool.binary(ScalarOp::kAdd, sum.pool.operand(0), sum.pool.operand(1));
  return builder.map(sum, {s.m, s.n}, {builder.matmul(x, w), bias},
                     {graph::identity_map(2), graph::axes_map(std::array{1u})});
}

ValueId backward_data(Builder& builder, const Shape& s) {
  const ValueId dy = activation(builder, "dy", {s.m, s.n}), w = builder.parameter("w", {s.k, s.n}, kUniform);
  return builder.contract(dy, w, {{s.m, s.k, s.n}, on(0, 2), on(1, 2), on(0, 1)}, {s.m, s.k});
}

void backward_weights(Builder& builder, const Shape& s) {
  const ValueId x = activation(builder, "x", {s.m, s.k}), dy = activation(builder, "dy", {s.m, s.n});
  const ValueId w = builder.parameter("w", {s.k, s.n}, kUniform);
  const ValueId gradient =
      builder.contract(x, dy, {{s.k, s.n, s.m}, on(2, 0), on(2, 1), on(0, 1)}, {s.k, s.n});
  ScalarExpr step;
  const graph::ScalarId change =
      step.pool.binary(ScalarOp::kMultiply, step.pool.operand(1), step.pool.constant(1e-6));
  step.root = step.pool.binary(ScalarOp::kSubtract, step.pool.operand(0), change);
  builder.graph().updates.push_back({w, builder.map(step, {w, gradient})});
}

graph::Graph build(Direction direction, const Shape& shape) {
  graph::Graph graph;
  Builder builder(graph);
  switch (direction) {
    case Direction::kForward: graph.outputs.push_back({"y", forward(builder, shape)}); break;
    case Direction::kBackwardData: graph.outputs.push_back({"dx", backward_data(builder, shape)}); break;
    case Direction::kBackwardWeights: backward_weights(builder, shape); break;
  }
  return graph;
}

// The factor by which an axis grows along the vectors.
double waste(std::int64_t extent) {
  return static_cast<double>(kernel::blocks_of(extent) * kernel::kLanes) / static_cast<double>(extent);
}

// A kernel that makes operands: it comes before the product, and is no part of it.
bool makes_operands(const kernel::Kernel& kernel) {
  return std::holds_alternative<kernel::RowsKernel>(kernel.form) ||
         std::holds_alternative<kernel::UniformsKernel>(kernel.form);
}

}  // namespace

const char* name_of(Direction direction) {
  switch (direction) {
    case Direction::kForward: return "forward";
    case Direction::kBackwardData: return "backward-data";
    case Direction::kBackwardWeights: return "backward-weights";
  }
  return "";
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

Contraction::Contraction(Direction direction, const Shape& shape, const kernel::Target& target,
                         const kernel::ScheduleOverrides& overrides) {
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan = kernel::lower(build(direction, shape), target, diagnostics, overrides);
  NETC_CHECK(plan, "the products of a dense layer have kernels");
  plan_ = std::move(*plan);
  const std::vector<const kernel::Plan*> plans{&plan_};
  code_ = codegen::compile(plans, target, 1);
  const runtime::Program program = driver::bind_program(plan_, code_->functions(0), shape.m, store_);
  store_.allocate();
  store_.initialize(1);
  arena_ = runtime::Memory(static_cast<std::size_t>(program.arena_bytes));
  private_ = runtime::Memory(static_cast<std::size_t>(program.private_bytes));
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    Call call{program.calls[i].function, {}, program.calls[i].tiles};
    for (std::size_t buffer : program.calls[i].arguments)
      call.arguments.push_back(address(program.buffers[buffer]));
    call.function(call.arguments.data(), 0, call.tiles);
    if (!makes_operands(plan_.kernels[i])) calls_.push_back(std::move(call));
  }
}

void* Contraction::address(const runtime::ProgramBuffer& buffer) {
  switch (buffer.place) {
    case runtime::Place::kNumbers: return &numbers_;
    case runtime::Place::kPersistent: return store_.data(buffer.tensor);
    case runtime::Place::kArena: return arena_.data() + buffer.offset;
    case runtime::Place::kPrivate: return private_.data() + buffer.offset;
    case runtime::Place::kSamples:
    case runtime::Place::kLabels: break;
  }
  NETC_CHECK(false, "these graphs have no inputs but the numbers of the step");
  return nullptr;
}

void Contraction::run() const {
  for (const Call& call : calls_) call.function(call.arguments.data(), 0, call.tiles);
}

}  // namespace netc::bench

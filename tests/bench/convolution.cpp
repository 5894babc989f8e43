#include "tests/bench/convolution.h"

#include <fmt/format.h>

#include "compiler/layers/convolution.h"
#include "compiler/training/autodiff.h"
#include "compiler/training/rewrite.h"

namespace netc::bench {

using graph::ReduceKind;
using graph::ScalarOp;
using graph::ValueId;

namespace {

Windows windows_of(const ConvolutionShape& shape) {
  const WindowAxis axis{.in = shape.places,
                        .out = shape.windows(),
                        .size = shape.taps,
                        .stride = shape.stride,
                        .before = shape.pad};
  return {axis, axis};
}

// A scalar whose gradient by y is dy.
ValueId add_loss(graph::Builder& builder, ValueId y, ValueId dy) {
  const ValueId terms = builder.binary(ScalarOp::kMultiply, y, dy);
  return builder.reduce_axes(ReduceKind::kSum, terms, std::array{0u, 1u, 2u, 3u});
}

}  // namespace

graph::Graph build_convolution(Direction direction, const ConvolutionShape& shape) {
  graph::Graph graph;
  graph::Builder builder(graph);
  const Windows windows = windows_of(shape);
  const ValueId x =
      add_activation(builder, "x_source", {shape.batch, shape.places, shape.places, shape.inputs});
  const ValueId w =
      builder.parameter("w", weight_extents(windows, shape.inputs / shape.groups, shape.outputs), kUniform);
  const ValueId y = convolve(builder, x, w, windows, shape.groups);
  ValueId result = y;
  if (direction != Direction::kForward) {
    const ValueId dy = add_activation(builder, "dy_source", builder.type(y).extents);
    const ValueId of = direction == Direction::kBackwardData ? x : w;
    result = training::add_gradients(graph, add_loss(builder, y, dy), {of}).at(0);
    graph.outputs.push_back({"dy", dy});
  }
  if (direction != Direction::kBackwardData) graph.outputs.push_back({"x", x});
  if (direction == Direction::kBackwardWeights) {
    const ValueId kept = builder.state(result_of(direction), builder.type(result).extents, 0);
    graph.updates.push_back({kept, result});
  } else {
    graph.outputs.push_back({result_of(direction), result});
  }
  return training::drop_dead(
      training::merge_equal(training::inline_maps(training::gather_results(std::move(graph)))));
}

std::string result_of(Direction direction) {
  switch (direction) {
    case Direction::kForward: return "y";
    case Direction::kBackwardData: return "dx";
    case Direction::kBackwardWeights: return "dw";
  }
  return "";
}

double flops_of(const ConvolutionShape& shape) {
  return 2.0 * static_cast<double>(shape.batch * shape.windows() * shape.windows() * shape.outputs) *
         static_cast<double>(shape.taps * shape.taps * (shape.inputs / shape.groups));
}

std::string name_of(const ConvolutionShape& shape) {
  return fmt::format("{}/{}x{}x{}x{}-{}-{}x{}{}{}", shape.network, shape.batch, shape.places, shape.places,
                     shape.inputs, shape.outputs, shape.taps, shape.taps,
                     shape.stride > 1 ? fmt::format("-s{}", shape.stride) : "",
                     shape.groups > 1 ? "-dw" : "");
}

}  // namespace netc::bench

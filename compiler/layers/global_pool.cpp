#include <numeric>

#include "compiler/layers/windows.h"

// global_pool max|avg: the greatest or the mean number of each channel, over all places of the image or the
// sequence: a vector of the channels.

namespace netc {
namespace {

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image_or_sequence(context)) return std::nullopt;
  return Shape{ShapeKind::kVector, {context.input.channels()}};
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  graph::Builder& builder = context.builder;
  // All axes but the batch and the channels.
  std::vector<std::uint32_t> axes(places(layer.input).size());
  std::iota(axes.begin(), axes.end(), 1u);
  if (layer.arguments.word("kind", "max") == "max")
    return builder.reduce_axes(graph::ReduceKind::kMax, input, axes);
  graph::ValueId sum = builder.reduce_axes(graph::ReduceKind::kSum, input, axes);
  graph::ValueId share = builder.constant(1 / static_cast<double>(layer.input.places()));
  return builder.binary(graph::ScalarOp::kMultiply, sum, share);
}

}  // namespace

extern const LayerDef global_pool_layer;
const LayerDef global_pool_layer{
    .name = "global_pool",
    .parameters = {{.name = "kind",
                    .kind = ValueKind::kWord,
                    .positional = true,
                    .required = true,
                    .words = {"max", "avg"}}},
    .takes_activation = false,
    .shape = shape,
    .build = build,
};

}  // namespace netc

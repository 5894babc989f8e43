#include "compiler/layers/windows.h"

// upsample N | upsample HxW: each number of an image, N times in both directions (nearest neighbour).

namespace netc {
namespace {

constexpr double kMaxFactor = 10000;

struct Factors {
  std::int64_t height, width;
};

Factors factors_of(const Layer& layer) {
  const std::vector<std::int64_t> n = layer.arguments.extents("factor");
  return {n[0], n.back()};
}

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image(context) || !check_directions(context, {"factor"})) return std::nullopt;
  const Factors factors = factors_of(context.layer);
  const std::vector<std::int64_t>& in = context.input.extents;
  return Shape{ShapeKind::kImage, {in[0] * factors.height, in[1] * factors.width, in[2]}};
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Factors factors = factors_of(layer);
  const std::vector<std::int64_t>&in = layer.input.extents, &out = layer.output.extents;
  // (batch, row, repetition, column, repetition, channel)
  graph::ValueId repeated =
      context.builder.remap(input, graph::axes_map(std::array{0u, 1u, 3u, 5u}),
                            {context.batch, in[0], factors.height, in[1], factors.width, in[2]});
  return context.builder.reshape(repeated, {context.batch, out[0], out[1], out[2]});
}

}  // namespace

extern const LayerDef upsample_layer;
const LayerDef upsample_layer{
    .name = "upsample",
    .parameters = {{.name = "factor",
                    .kind = ValueKind::kExtents,
                    .positional = true,
                    .required = true,
                    .minimum = 1,
                    .maximum = kMaxFactor,
                    .words = {}}},
    .takes_activation = false,
    .shape = shape,
    .build = build,
};

}  // namespace netc

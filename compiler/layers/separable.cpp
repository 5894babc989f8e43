#include "compiler/layers/convolution.h"
#include "compiler/layers/weights.h"

// separable FILTERS SIZE [stride= dilation= pad=]: a convolution of each channel by itself, and then one of
// 1x1 over the channels: far fewer weights than `conv` has. There is nothing between the two.
//   <name>.depthwise [height, width, 1, in], <name>.pointwise [1, 1, in, out], <name>.bias [out]
// In PyTorch: Conv2d(in, in, size, groups=in, bias=False) and Conv2d(in, out, 1).

namespace netc {
namespace {

// A window of one place.
Windows pointwise(const Windows& windows) {
  Windows points;
  for (const WindowAxis& axis : windows) points.push_back({.in = axis.out, .out = axis.out});
  return points;
}

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image(context) || !check_windows(context)) return std::nullopt;
  return window_shape(ShapeKind::kImage, windows_of(context.layer),
                      context.layer.arguments.count("filters", 0));
}

// The activation's gain belongs to the pointwise weights, which make its argument.
graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Windows windows = windows_of(layer), points = pointwise(windows);
  const std::int64_t in = layer.input.channels(), out = layer.output.channels();
  Layer linear = layer;
  linear.activation.reset();
  graph::ValueId depthwise = add_weight(context, linear, "depthwise", weight_extents(windows, 1, in),
                                        {taps(windows), taps(windows)});
  graph::ValueId pointwise =
      add_weight(context, layer, "pointwise", weight_extents(points, in, out), {in, out});
  std::optional<graph::ValueId> bias = add_bias(context, layer);
  graph::ValueId filtered = convolve(context.builder, input, depthwise, windows, in);
  return plus_bias(context.builder, convolve(context.builder, filtered, pointwise, points, 1), bias);
}

// Weights, and products at each place of the output, for depthwise and pointwise together.
std::int64_t weights(const Layer& layer) {
  return saturating_multiply(layer.input.channels(), taps(windows_of(layer)) + layer.output.channels());
}

}  // namespace

extern const LayerDef separable_layer;
const LayerDef separable_layer{
    .name = "separable",
    .parameters = with_weight_parameters({filters_parameter(), size_parameter(true), stride_parameter(),
                                          dilation_parameter(), pad_parameter()}),
    .shape = shape,
    .build = build,
    .parameters_count = [](const Layer& layer) { return saturating_add(weights(layer), bias_count(layer)); },
    .flops =
        [](const Layer& layer) {
          return product(std::array{std::int64_t{2}, layer.output.places(), weights(layer)});
        },
};

}  // namespace netc

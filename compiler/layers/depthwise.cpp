#include "compiler/layers/convolution.h"
#include "compiler/layers/weights.h"

// depthwise SIZE [multiplier= stride= dilation= pad=]: a convolution of each channel by itself, which makes
// `multiplier` channels of it.
//   <name>.weight [height, width, 1, in * multiplier], <name>.bias [in * multiplier]
// Output channel i * multiplier + j is made of input channel i, as by PyTorch's Conv2d with groups=in, which
// has the weight as [in * multiplier, 1, height, width].

namespace netc {
namespace {

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image(context) || !check_windows(context)) return std::nullopt;
  return window_shape(
      ShapeKind::kImage, windows_of(context.layer),
      saturating_multiply(context.input.channels(), context.layer.arguments.count("multiplier", 1)));
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Windows windows = windows_of(layer);
  const std::int64_t each = taps(windows), outputs = layer.output.channels();
  graph::ValueId weight = add_weight(context, layer, "weight", weight_extents(windows, 1, outputs),
                                     {each, each * outputs / layer.input.channels()});
  std::optional<graph::ValueId> bias = add_bias(context, layer);
  graph::ValueId sums = convolve(context.builder, input, weight, windows, layer.input.channels());
  return plus_bias(context.builder, sums, bias);
}

}  // namespace

extern const LayerDef depthwise_layer;
const LayerDef depthwise_layer{
    .name = "depthwise",
    .parameters = with_weight_parameters(
        {size_parameter(true),
         stride_parameter(),
         dilation_parameter(),
         pad_parameter(),
         {.name = "multiplier", .kind = ValueKind::kCount, .minimum = 1, .words = {}}}),
    .shape = shape,
    .build = build,
    .parameters_count =
        [](const Layer& layer) {
          return saturating_add(saturating_multiply(taps(windows_of(layer)), layer.output.channels()),
                                bias_count(layer));
        },
    .flops =
        [](const Layer& layer) {
          return product(std::array{std::int64_t{2}, layer.output.elements(), taps(windows_of(layer))});
        },
};

}  // namespace netc

#include <algorithm>

#include "compiler/layers/convolution.h"
#include "compiler/layers/weights.h"

// conv_transpose FILTERS SIZE [stride= pad=]: each number of the image adds a window of weights, times
// itself, to the output. It enlarges by `stride`, where `conv` with that stride makes smaller.
//   <name>.weight [height, width, in, out], <name>.bias [out]
// pad=valid (the default) makes (places - 1) * stride + size places, pad=N cuts N from each end, and pad=same
// makes places * stride. PyTorch's ConvTranspose2d has the weight as [in, out, height, width].

namespace netc {
namespace {

constexpr DiagnosticKind<> kNothingLeft{"nothing-left", "`pad` cuts off all of the output"};

// The windows of the convolution that leads back: they slide over the output, and there is one for each place
// of the input.
Windows windows_over_output(const Layer& layer) {
  Windows windows = windows_of(layer);
  const bool same = layer.arguments.word("pad", "") == "same";
  const std::vector<std::int64_t> pad = layer.arguments.extents("pad");
  for (std::size_t i = 0; i < windows.size(); ++i) {
    WindowAxis& axis = windows[i];
    axis.out = layer.input.extents[i];
    const std::int64_t each = pad.empty() ? 0 : pad[pad.size() == 1 ? 0 : i];
    axis.before = same ? std::max<std::int64_t>(0, axis.reach() - axis.stride) / 2 : each;
    axis.in = same ? axis.out * axis.stride : (axis.out - 1) * axis.stride + axis.reach() - 2 * each;
  }
  return windows;
}

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image(context) || !check_directions(context, {"size", "stride", "pad"})) return std::nullopt;
  Shape output{ShapeKind::kImage, {}};
  for (const WindowAxis& axis : windows_over_output(context.layer)) {
    output.extents.push_back(axis.in);
    if (axis.in > 0) continue;
    context.diagnostics.error(kNothingLeft, context.layer.arguments.span("pad", context.layer.span))
        .label(context.input_made_at, "this makes " + describe(context.input));
    return std::nullopt;
  }
  output.extents.push_back(context.layer.arguments.count("filters", 0));
  return output;
}

// How many products are summed for one output: each place is in size / stride windows.
std::int64_t fan_in(const Layer& layer, const Windows& windows) {
  std::int64_t count = layer.input.channels();
  for (const WindowAxis& axis : windows) count *= std::max<std::int64_t>(1, axis.size / axis.stride);
  return count;
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Windows windows = windows_over_output(layer);
  const std::int64_t in = layer.input.channels(), out = layer.output.channels();
  graph::ValueId weight = add_weight(context, layer, "weight", weight_extents(windows, in, out),
                                     {fan_in(layer, windows), taps(windows) * out});
  Domain domain;
  const std::uint32_t batch = domain.add(context.batch);
  const std::vector<std::uint32_t> from = domain.add_windows(windows);
  const std::uint32_t to_channel = domain.add(out);
  const std::vector<std::uint32_t> tap = domain.add_taps(windows);
  const std::uint32_t from_channel = domain.add(in);
  graph::Contract contract{.domain = std::move(domain.extents),
                           .a = graph::axes_map(std::array{batch, from[0], from[1], from_channel}),
                           .b = graph::axes_map(std::array{tap[0], tap[1], from_channel, to_channel}),
                           .result = graph::axes_map(std::array{batch, batch, batch, to_channel})};
  for (std::size_t i = 0; i < windows.size(); ++i) contract.result[i + 1] = windows[i].place(from[i], tap[i]);
  std::optional<graph::ValueId> bias = add_bias(context, layer);
  graph::ValueId sums =
      context.builder.contract(input, weight, std::move(contract), context.batch_of(layer.output));
  return plus_bias(context.builder, sums, bias);
}

std::int64_t weights(const Layer& layer) {
  return product(
      std::array{taps(windows_over_output(layer)), layer.input.channels(), layer.output.channels()});
}

}  // namespace

extern const LayerDef conv_transpose_layer;
const LayerDef conv_transpose_layer{
    .name = "conv_transpose",
    .parameters = with_weight_parameters(
        {filters_parameter(), size_parameter(true), stride_parameter(), pad_parameter()}),
    .shape = shape,
    .build = build,
    .parameters_count = [](const Layer& layer) { return saturating_add(weights(layer), bias_count(layer)); },
    .flops =
        [](const Layer& layer) {
          return product(std::array{std::int64_t{2}, layer.input.places(), weights(layer)});
        },
};

}  // namespace netc

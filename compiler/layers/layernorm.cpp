#include "compiler/layers/normalization.h"
#include "compiler/layers/weights.h"

// layernorm [eps=1e-5]: the numbers along the last axis (the features of a vector or of each time, the
// channels at each place) less their mean, over their standard deviation, times a factor plus an offset that
// are learned (Ba et al. 2016). PyTorch's LayerNorm(channels).
//   <name>.weight [channels], <name>.bias [channels]

namespace netc {
namespace {

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const auto last = static_cast<std::uint32_t>(context.builder.type(input).extents.size() - 1);
  return scale_and_shift(
      context, layer,
      standardize(context.builder, input, std::array{last}, layer.arguments.number("eps", kDefaultEps)));
}

}  // namespace

extern const LayerDef layernorm_layer;
const LayerDef layernorm_layer{
    .name = "layernorm",
    .parameters = {eps_parameter(), freeze_parameter()},
    .shape = [](const ShapeContext& context) { return std::optional(context.input); },
    .build = build,
    .parameters_count = [](const Layer& layer) { return 2 * layer.output.channels(); },
    .flops = [](const Layer& layer) { return saturating_multiply(2, layer.output.elements()); },
};

}  // namespace netc

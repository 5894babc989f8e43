#include "compiler/layers/drop.h"
#include "compiler/layers/windows.h"
#include "runtime/philox.h"

// spatial_dropout RATE: dropout of whole channels: in training a channel of a sample is 0 everywhere with
// probability RATE, and else divided by 1 - RATE (Tompson et al. 2015).

namespace netc {
namespace {

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const double rate = layer.arguments.number("rate", 0);
  if (!context.training || rate == 0) return input;
  const graph::Extents extents = context.builder.type(input).extents;
  const auto last = static_cast<std::uint32_t>(extents.size() - 1);
  // [batch, channels]
  graph::ValueId random = context.builder.random(runtime::stream_of(layer.name + "/dropout"),
                                                 {extents[0], extents[last]}, context.step);
  return context.builder.map(drop(rate), extents, {input, random},
                             {graph::identity_map(extents.size()), graph::axes_map(std::array{0u, last})});
}

}  // namespace

extern const LayerDef spatial_dropout_layer;
const LayerDef spatial_dropout_layer{
    .name = "spatial_dropout",
    .parameters = {rate_parameter()},
    .takes_activation = false,
    .shape =
        [](const ShapeContext& context) {
          return require_image_or_sequence(context) ? std::optional(context.input) : std::nullopt;
        },
    .build = build,
};

}  // namespace netc

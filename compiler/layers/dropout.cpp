#include "compiler/layers/drop.h"
#include "runtime/philox.h"

// dropout RATE: in training each number is 0 with probability RATE and else divided by 1 - RATE, so that its
// mean stays (Srivastava et al. 2014, inverted); otherwise nothing.

namespace netc {
namespace {

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const double rate = layer.arguments.number("rate", 0);
  if (!context.training || rate == 0) return input;
  graph::ValueId random = context.builder.random(runtime::stream_of(layer.name + "/dropout"),
                                                 context.builder.type(input).extents, context.step);
  return context.builder.map(drop(rate), {input, random});
}

}  // namespace

extern const LayerDef dropout_layer;
const LayerDef dropout_layer{
    .name = "dropout",
    .parameters = {rate_parameter()},
    .takes_activation = false,
    .shape = [](const ShapeContext& context) { return std::optional(context.input); },
    .build = build,
};

}  // namespace netc

#include "compiler/layers/weights.h"

namespace netc {

graph::Extents BuildContext::batch_of(const Shape& shape) const {
  graph::Extents extents{batch};
  extents.insert(extents.end(), shape.extents.begin(), shape.extents.end());
  return extents;
}

namespace {

graph::ValueId build_layer(const BuildContext& context, const Layer& layer,
                           std::span<const graph::ValueId> inputs) {
  graph::ValueId value = layer.def->join ? layer.def->join->build(context, layer, inputs)
                                         : layer.def->build(context, layer, inputs[0]);
  return layer.activation ? build_activation(context, *layer.activation, layer.name, value) : value;
}

}  // namespace

graph::ValueId build_layers(const BuildContext& context, std::span<const Layer> layers,
                            graph::ValueId input) {
  std::vector<graph::ValueId> values;
  for (const Layer& layer : layers) {
    context.builder.set_span(layer.span);
    context.builder.set_trained(!is_frozen(layer));
    std::vector<graph::ValueId> inputs;
    for (std::size_t place : layer.inputs) inputs.push_back(place == kNetworkInput ? input : values[place]);
    values.push_back(build_layer(context, layer, inputs));
  }
  return values.empty() ? input : values.back();
}

}  // namespace netc

#pragma once
// How the weights of a layer start, and its bias.

#include "compiler/layers/layer.h"

namespace netc {

// Weights uniform in +-limit have variance limit^2 / 3 = gain^2 / fan_in (He et al. 2015), with the gain of
// the layer's activation. `fan_in`: how many products are summed for one output.
graph::Initializer initial_weights(const Layer& layer, std::int64_t fan_in);

// A parameter of the layer: `<layer>.<name>`.
graph::ValueId add_weight(const BuildContext& context, const Layer& layer, std::string_view name,
                          graph::Extents extents, std::int64_t fan_in);

// `<layer>.bias`, [channels of the output], which starts at 0; and value + bias.
// value: [batch, ..., channels]
graph::ValueId add_bias(const BuildContext& context, const Layer& layer);
graph::ValueId plus_bias(graph::Builder& builder, graph::ValueId value, graph::ValueId bias);

}  // namespace netc

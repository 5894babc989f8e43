#pragma once
// The weights and the bias of a layer, and how they start.

#include "compiler/layers/layer.h"

namespace netc {

// What stands behind `init=`.
struct InitializerName {
  std::string_view name;
  bool takes_number = false;
  std::optional<double> number = std::nullopt;  // without one being given
};
std::span<const InitializerName> initializer_names();

// How many products are summed for one output, and in how many sums one input is.
struct Fans {
  std::int64_t in = 1, out = 1;
};

// As `init=` says. By default weights are uniform in +-limit with the variance limit^2 / 3 = gain^2 / fans.in
// (He et al. 2015), and the gain is that of the layer's activation.
graph::Initializer initial_weights(const Layer& layer, Fans fans);

// A parameter of the layer: `<layer>.<name>`.
graph::ValueId add_weight(const BuildContext& context, const Layer& layer, std::string_view name,
                          graph::Extents extents, Fans fans);

// `<layer>.bias`, [channels of the output], which starts at 0; none after `no_bias`.
std::optional<graph::ValueId> add_bias(const BuildContext& context, const Layer& layer);
std::int64_t bias_count(const Layer& layer);
// value + bias, if there is one. value: [batch, ..., channels]
graph::ValueId plus_bias(graph::Builder& builder, graph::ValueId value, std::optional<graph::ValueId> bias);

// `freeze`: the layer's parameters keep their values.
ParameterDef freeze_parameter();
bool is_frozen(const Layer& layer);
// A layer's own parameters, and those of every layer with weights: `init=`, `no_bias`, `l1=`, `l2=`,
// `freeze`.
std::vector<ParameterDef> with_weight_parameters(std::vector<ParameterDef> own);

}  // namespace netc

#include "compiler/layers/layer.h"

namespace netc {

const LayerDef& activation_layer() {
  static const LayerDef def{
      .name = "activation",
      .parameters = {},
      .takes_activation = true,
      .shape = [](const ShapeContext& context) { return std::optional(context.input); },
      .build = [](const BuildContext&, const Layer&, graph::ValueId input) { return input; },
      .parameters_count = [](const Layer&) { return std::int64_t{0}; },
      .flops = [](const Layer&) { return std::int64_t{0}; },
  };
  return def;
}

}  // namespace netc

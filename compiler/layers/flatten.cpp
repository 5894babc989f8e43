#include "compiler/layers/layer.h"

// flatten: the same numbers as one vector, row by row.

namespace netc {
namespace {

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  return context.builder.reshape(input, {context.batch, layer.output.elements()});
}

}  // namespace

extern const LayerDef flatten_layer;
const LayerDef flatten_layer{
    .name = "flatten",
    .parameters = {},
    .takes_activation = false,
    .shape =
        [](const ShapeContext& context) {
          return std::optional(Shape{ShapeKind::kVector, {context.input.elements()}});
        },
    .build = build,
};

}  // namespace netc

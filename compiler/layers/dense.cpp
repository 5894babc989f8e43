#include "compiler/layers/weights.h"

// dense N: y = x W + b, each output a weighted sum of all inputs. An image is flattened first.
//   <name>.weight [in, out], <name>.bias [out]

namespace netc {
namespace {

constexpr DiagnosticKind<std::string> kDenseOnSequence{"dense-on-sequence", "`dense` on {} is not built yet"};

std::optional<Shape> shape(const ShapeContext& context) {
  if (context.input.kind == ShapeKind::kSequence || context.input.kind == ShapeKind::kIndices) {
    context.diagnostics.error(kDenseOnSequence, context.layer.name_span, describe(context.input))
        .caret("and this cannot take it")
        .label(context.input_made_at, "this makes " + describe(context.input))
        .hint("put `flatten` before it to make a vector of the whole sequence");
    return std::nullopt;
  }
  return Shape{ShapeKind::kVector, {context.layer.arguments.count("units", 0)}};
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const std::int64_t in = layer.input.elements(), out = layer.output.elements();
  graph::Builder& builder = context.builder;
  if (builder.type(input).extents.size() != 2) input = builder.reshape(input, {context.batch, in});
  // input: [batch, in], weight: [in, out]
  graph::ValueId weight = add_weight(context, layer, "weight", {in, out}, {in, out});
  std::optional<graph::ValueId> bias = add_bias(context, layer);
  return plus_bias(builder, builder.matmul(input, weight), bias);
}

std::int64_t weights(const Layer& layer) {
  return saturating_multiply(layer.input.elements(), layer.output.elements());
}

}  // namespace

extern const LayerDef dense_layer;
const LayerDef dense_layer{
    .name = "dense",
    .parameters = with_weight_parameters({{.name = "units",
                                           .kind = ValueKind::kCount,
                                           .positional = true,
                                           .required = true,
                                           .minimum = 1,
                                           .words = {}}}),
    .shape = shape,
    .build = build,
    .parameters_count = [](const Layer& layer) { return saturating_add(weights(layer), bias_count(layer)); },
    .flops = [](const Layer& layer) { return saturating_multiply(2, weights(layer)); },
};

}  // namespace netc

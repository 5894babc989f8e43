#include <cmath>

#include "compiler/layers/layer.h"

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

graph::ScalarExpr sum_of_two() {
  graph::ScalarExpr expr;
  expr.root = expr.pool.binary(graph::ScalarOp::kAdd, expr.pool.operand(0), expr.pool.operand(1));
  return expr;
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const std::int64_t in = layer.input.elements(), out = layer.output.elements();
  // He et al. 2015: weights uniform in +-limit have variance limit^2 / 3 = gain^2 / in.
  const double limit =
      (layer.activation ? gain(*layer.activation) : 1) * std::sqrt(3.0 / static_cast<double>(in));
  graph::Builder& builder = context.builder;
  if (builder.type(input).extents.size() != 2) input = builder.reshape(input, {context.batch, in});
  // input: [batch, in], weight: [in, out], bias: [out]
  graph::ValueId weight =
      builder.parameter(layer.name + ".weight", {in, out}, {graph::Initializer::Kind::kUniform, limit});
  graph::ValueId bias =
      builder.parameter(layer.name + ".bias", {out}, {graph::Initializer::Kind::kConstant, 0});
  return builder.map(sum_of_two(), {context.batch, out}, {builder.matmul(input, weight), bias},
                     {graph::identity_map(2), graph::axes_map(std::array{1u})});
}

std::int64_t weights(const Layer& layer) {
  return saturating_multiply(layer.input.elements(), layer.output.elements());
}

}  // namespace

extern const LayerDef dense_layer;
const LayerDef dense_layer{
    .name = "dense",
    .parameters = {{.name = "units",
                    .kind = ValueKind::kCount,
                    .positional = true,
                    .required = true,
                    .minimum = 1,
                    .words = {}}},
    .shape = shape,
    .build = build,
    .parameters_count =
        [](const Layer& layer) {
          return saturating_multiply(layer.input.elements() + 1, layer.output.elements());
        },
    .flops = [](const Layer& layer) { return saturating_multiply(2, weights(layer)); },
};

}  // namespace netc

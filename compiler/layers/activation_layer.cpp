#include "compiler/layers/layer.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::int64_t, std::string> kPiecesDoNotDivide{
    "pieces-do-not-divide", "`{}` makes one channel of each {}, which do not divide those of {}"};

std::optional<Shape> shape(const ShapeContext& context) {
  const std::int64_t pieces = context.layer.activation->pieces;
  Shape output = context.input;
  if (output.channels() % pieces == 0) {
    output.extents.back() /= pieces;
    return output;
  }
  context.diagnostics
      .error(kPiecesDoNotDivide, context.layer.span, context.layer.activation->name, pieces,
             describe(context.input))
      .label(context.input_made_at, "this makes " + describe(context.input));
  return std::nullopt;
}

}  // namespace

const LayerDef& activation_layer() {
  static const LayerDef def{
      .name = "activation",
      .parameters = {},
      .takes_activation = true,
      .shape = shape,
      .build = [](const BuildContext&, const Layer&, graph::ValueId input) { return input; },
  };
  return def;
}

}  // namespace netc

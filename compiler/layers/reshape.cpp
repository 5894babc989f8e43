#include "compiler/layers/layer.h"

// reshape SHAPE: the same numbers, row by row, as a vector (`784`), a sequence (`28x28`) or an image
// (`28x28x1`).

namespace netc {
namespace {

constexpr DiagnosticKind<std::string> kReshapeRank{"reshape-rank", "`reshape` takes a shape, not {} numbers"};
constexpr DiagnosticKind<std::string, std::int64_t, std::string, std::int64_t> kReshapeCount{
    "reshape-count", "{} has {} numbers, but {} has {}"};

std::optional<Shape> shape(const ShapeContext& context) {
  const std::vector<std::int64_t> extents = context.layer.arguments.extents("shape");
  const Span place = context.layer.arguments.span("shape", context.layer.span);
  if (extents.size() > 3) {
    context.diagnostics.error(kReshapeRank, place, std::to_string(extents.size()))
        .hint("784 is a vector, 28x28 a sequence, 28x28x1 an image");
    return std::nullopt;
  }
  constexpr ShapeKind kKinds[] = {ShapeKind::kVector, ShapeKind::kSequence, ShapeKind::kImage};
  const Shape output{kKinds[extents.size() - 1], extents};
  if (output.elements() == context.input.elements()) return output;
  context.diagnostics
      .error(kReshapeCount, place, describe(output), output.elements(), describe(context.input),
             context.input.elements())
      .label(context.input_made_at, "this makes " + describe(context.input));
  return std::nullopt;
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  graph::Extents extents = context.batch_of(layer.output);
  return context.builder.reshape(input, std::move(extents));
}

}  // namespace

extern const LayerDef reshape_layer;
const LayerDef reshape_layer{
    .name = "reshape",
    .parameters = {{.name = "shape",
                    .kind = ValueKind::kExtents,
                    .positional = true,
                    .required = true,
                    .minimum = 1,
                    .words = {}}},
    .takes_activation = false,
    .shape = shape,
    .build = build,
};

}  // namespace netc

#include "compiler/layers/windows.h"

// pad N | pad HxW | pad TOPxBOTTOMxLEFTxRIGHT: zeros around an image.

namespace netc {
namespace {

constexpr DiagnosticKind<std::size_t> kPadSides{
    "pad-sides", "`pad` takes one number, two (height and width), or four, not {}"};

constexpr double kMaxPad = 10000;

struct Sides {
  std::int64_t top, bottom, left, right;
};

Sides sides_of(const Layer& layer) {
  const std::vector<std::int64_t> n = layer.arguments.extents("amount");
  if (n.size() == 4) return {n[0], n[1], n[2], n[3]};
  return {n[0], n[0], n.back(), n.back()};
}

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image(context)) return std::nullopt;
  const std::size_t count = context.layer.arguments.extents("amount").size();
  if (count == 3 || count > 4) {
    context.diagnostics.error(kPadSides, context.layer.arguments.span("amount", context.layer.span), count)
        .hint("four numbers are top, bottom, left and right");
    return std::nullopt;
  }
  const Sides sides = sides_of(context.layer);
  const std::vector<std::int64_t>& in = context.input.extents;
  return Shape{ShapeKind::kImage,
               {in[0] + sides.top + sides.bottom, in[1] + sides.left + sides.right, in[2]}};
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Sides sides = sides_of(layer);
  graph::Extents extents = context.batch_of(layer.output);
  // A read outside is 0.
  graph::IndexMap place = graph::identity_map(extents.size());
  place[1].offset = -sides.top;
  place[2].offset = -sides.left;
  return context.builder.remap(input, std::move(place), std::move(extents));
}

}  // namespace

extern const LayerDef pad_layer;
const LayerDef pad_layer{
    .name = "pad",
    .parameters = {{.name = "amount",
                    .kind = ValueKind::kExtents,
                    .positional = true,
                    .required = true,
                    .maximum = kMaxPad,
                    .words = {}}},
    .takes_activation = false,
    .shape = shape,
    .build = build,
};

}  // namespace netc

#include "compiler/layers/join.h"

#include <fmt/format.h>

#include <algorithm>

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string_view, std::string, std::string> kJoinShapes{
    "join-shapes", "`{}` cannot {} {} and {}"};

std::string_view verb(Joining joining) {
  switch (joining) {
    case Joining::kAdd: return "add";
    case Joining::kMultiply: return "multiply";
    case Joining::kConcat: return "concatenate";
  }
  return {};
}

bool fits(const Shape& a, const Shape& b, Joining joining) {
  if (joining != Joining::kConcat) return a == b;
  return a.kind == b.kind && std::ranges::equal(std::span(a.extents).first(a.extents.size() - 1),
                                                std::span(b.extents).first(b.extents.size() - 1));
}

// Images whose sizes alone differ.
bool differ_in_size(const Shape& a, const Shape& b) {
  return a.kind == ShapeKind::kImage && b.kind == ShapeKind::kImage &&
         !std::equal(a.extents.begin(), a.extents.end() - 1, b.extents.begin());
}

std::string hint(const JoinContext& context, Joining joining, const Shape& made) {
  if (!context.layer.def->join->with_input && differ_in_size(context.inputs[0].shape, made))
    return "the sizes have to be equal: with `pad=same`, a convolution keeps its size";
  if (joining == Joining::kConcat) return "only the channels, the last number, may differ";
  if (context.layer.def->join->with_input) {
    const std::string_view shaped =
        context.inputs[0].shape.kind == ShapeKind::kImage ? "conv 64 1x1 stride=2" : "dense 64";
    return fmt::format(
        "the block has to keep the shape; else shape its input too: `branch {} {{ ... }} {{ {} }}`",
        verb(joining), shaped);
  }
  return "all blocks have to make the same shape";
}

}  // namespace

std::optional<Shape> joined_shape(const JoinContext& context, Joining joining) {
  const Joined& first = context.inputs[0];
  Shape shape = first.shape;
  for (const Joined& other : context.inputs.subspan(1)) {
    if (joining == Joining::kConcat && fits(shape, other.shape, joining)) {
      shape.extents.back() += other.shape.channels();
    } else if (!fits(shape, other.shape, joining)) {
      context.diagnostics
          .error(kJoinShapes, context.layer.name_span, context.layer.def->name, verb(joining),
                 describe(first.shape), describe(other.shape))
          .label(first.made_at, "this makes " + describe(first.shape))
          .label(other.made_at, "this makes " + describe(other.shape))
          .hint(hint(context, joining, other.shape));
      return std::nullopt;
    }
  }
  return shape;
}

graph::ValueId build_join(graph::Builder& builder, Joining joining, std::span<const graph::ValueId> inputs) {
  if (joining == Joining::kConcat) {
    const auto last = static_cast<std::uint32_t>(builder.type(inputs[0]).extents.size() - 1);
    return builder.concat({inputs.begin(), inputs.end()}, last);
  }
  const graph::ScalarOp op = joining == Joining::kAdd ? graph::ScalarOp::kAdd : graph::ScalarOp::kMultiply;
  graph::ValueId value = inputs[0];
  for (graph::ValueId other : inputs.subspan(1)) value = builder.binary(op, value, other);
  return value;
}

}  // namespace netc

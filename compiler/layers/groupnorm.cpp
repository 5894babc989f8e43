#include "compiler/layers/normalization.h"
#include "compiler/layers/weights.h"
#include "compiler/layers/windows.h"

// groupnorm GROUPS [eps=1e-5]: the channels are so many groups of neighbours, and each group of each sample
// is normalized over its places and channels; then a factor and an offset a channel (Wu and He 2018). With
// one group it is a layernorm of the whole image. PyTorch's GroupNorm.
//   <name>.weight [channels], <name>.bias [channels]

namespace netc {
namespace {

constexpr DiagnosticKind<std::int64_t, std::int64_t> kNormGroups{"norm-groups",
                                                                 "{} groups cannot share {} channels evenly"};

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image_or_sequence(context)) return std::nullopt;
  const std::int64_t groups = context.layer.arguments.count("groups", 1), channels = context.input.channels();
  if (channels % groups == 0) return context.input;
  context.diagnostics
      .error(kNormGroups, context.layer.arguments.span("groups", context.layer.span), groups, channels)
      .label(context.input_made_at, "this makes " + describe(context.input));
  return std::nullopt;
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  graph::Builder& builder = context.builder;
  const graph::Extents extents = builder.type(input).extents;
  const std::int64_t groups = layer.arguments.count("groups", 1), each = layer.input.channels() / groups;
  // [batch, places, groups, channels of a group]
  graph::ValueId apart = builder.reshape(input, {context.batch, layer.input.places(), groups, each});
  graph::ValueId standard =
      standardize(builder, apart, std::array{1u, 3u}, layer.arguments.number("eps", kDefaultEps));
  return scale_and_shift(context, layer, builder.reshape(standard, extents));
}

}  // namespace

extern const LayerDef groupnorm_layer;
const LayerDef groupnorm_layer{
    .name = "groupnorm",
    .parameters = {{.name = "groups",
                    .kind = ValueKind::kCount,
                    .positional = true,
                    .required = true,
                    .minimum = 1,
                    .words = {}},
                   eps_parameter(),
                   freeze_parameter()},
    .shape = shape,
    .build = build,
    .parameters_count = [](const Layer& layer) { return 2 * layer.output.channels(); },
    .flops = [](const Layer& layer) { return saturating_multiply(2, layer.output.elements()); },
};

}  // namespace netc

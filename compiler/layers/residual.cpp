#include "compiler/layers/join.h"

// residual { ... }: the block's output plus its input (He et al. 2015), and then the activation.

namespace netc {
namespace {

constexpr JoinDef kJoin{
    .with_input = true,
    .shape = [](const JoinContext& context) { return joined_shape(context, Joining::kAdd); },
    .build =
        [](const BuildContext& context, const Layer&, std::span<const graph::ValueId> inputs) {
          return build_join(context.builder, Joining::kAdd, inputs);
        },
};

}  // namespace

extern const LayerDef residual_layer;
const LayerDef residual_layer{
    .name = "residual",
    .parameters = {},
    .join = kJoin,
};

}  // namespace netc

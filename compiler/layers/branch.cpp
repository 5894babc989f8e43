#include <limits>

#include "compiler/layers/join.h"

// branch concat|add|multiply { ... } { ... }: each block gets the input; what they make is joined along the
// channels, added, or multiplied, and then comes the activation. An empty block makes its input.

namespace netc {
namespace {

Joining joining_of(const Layer& layer) {
  const std::string kind = layer.arguments.word("kind", "concat");
  return kind == "add" ? Joining::kAdd : kind == "multiply" ? Joining::kMultiply : Joining::kConcat;
}

constexpr JoinDef kJoin{
    .fewest_blocks = 2,
    .most_blocks = std::numeric_limits<std::size_t>::max(),
    .shape = [](const JoinContext& context) { return joined_shape(context, joining_of(context.layer)); },
    .build =
        [](const BuildContext& context, const Layer& layer, std::span<const graph::ValueId> inputs) {
          return build_join(context.builder, joining_of(layer), inputs);
        },
};

}  // namespace

extern const LayerDef branch_layer;
const LayerDef branch_layer{
    .name = "branch",
    .parameters = {{.name = "kind",
                    .kind = ValueKind::kWord,
                    .positional = true,
                    .required = true,
                    .words = {"concat", "add", "multiply"}}},
    .join = kJoin,
};

}  // namespace netc

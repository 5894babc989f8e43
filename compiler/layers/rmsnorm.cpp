#include "compiler/layers/normalization.h"
#include "compiler/layers/weights.h"

// rmsnorm [eps=1e-5]: the numbers along the last axis over the root of their mean square, times a factor that
// is learned (Zhang and Sennrich 2019).
//   <name>.weight [channels]

namespace netc {
namespace {

using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

ValueId build(const BuildContext& context, const Layer& layer, ValueId input) {
  graph::Builder& builder = context.builder;
  const graph::Extents extents = builder.type(input).extents;
  const auto last = static_cast<std::uint32_t>(extents.size() - 1);
  ValueId sum = builder.reduce_axes(graph::ReduceKind::kSum,
                                    builder.binary(ScalarOp::kMultiply, input, input), std::array{last});
  const double share = 1 / static_cast<double>(extents[last]);
  ValueId inverse = builder.map(inverse_root(share, layer.arguments.number("eps", kDefaultEps)), {sum});
  graph::ScalarExpr product = expression([](ScalarPool& pool) {
    return pool.binary(ScalarOp::kMultiply,
                       pool.binary(ScalarOp::kMultiply, pool.operand(0), pool.operand(1)), pool.operand(2));
  });
  graph::IndexMap row = graph::identity_map(last);
  return builder.map(std::move(product), extents, {input, inverse, add_scale(context, layer)},
                     {graph::identity_map(extents.size()), row, graph::axes_map(std::array{last})});
}

}  // namespace

extern const LayerDef rmsnorm_layer;
const LayerDef rmsnorm_layer{
    .name = "rmsnorm",
    .parameters = {eps_parameter(), freeze_parameter()},
    .shape = [](const ShapeContext& context) { return std::optional(context.input); },
    .build = build,
    .parameters_count = [](const Layer& layer) { return layer.output.channels(); },
    .flops = [](const Layer& layer) { return saturating_multiply(2, layer.output.elements()); },
};

}  // namespace netc

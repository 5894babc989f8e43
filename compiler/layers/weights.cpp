#include "compiler/layers/weights.h"

#include <cmath>

namespace netc {

graph::Initializer initial_weights(const Layer& layer, std::int64_t fan_in) {
  const double limit =
      (layer.activation ? gain(*layer.activation) : 1) * std::sqrt(3.0 / static_cast<double>(fan_in));
  return {graph::Initializer::Kind::kUniform, limit};
}

graph::ValueId add_weight(const BuildContext& context, const Layer& layer, std::string_view name,
                          graph::Extents extents, std::int64_t fan_in) {
  return context.builder.parameter(layer.name + "." + std::string(name), std::move(extents),
                                   initial_weights(layer, fan_in));
}

graph::ValueId add_bias(const BuildContext& context, const Layer& layer) {
  return context.builder.parameter(layer.name + ".bias", {layer.output.channels()},
                                   {graph::Initializer::Kind::kConstant, 0});
}

graph::ValueId plus_bias(graph::Builder& builder, graph::ValueId value, graph::ValueId bias) {
  const graph::Extents extents = builder.type(value).extents;
  const auto last = static_cast<std::uint32_t>(extents.size() - 1);
  graph::ScalarExpr sum;
  sum.root = sum.pool.binary(graph::ScalarOp::kAdd, sum.pool.operand(0), sum.pool.operand(1));
  return builder.map(std::move(sum), extents, {value, bias},
                     {graph::identity_map(extents.size()), graph::axes_map(std::array{last})});
}

}  // namespace netc

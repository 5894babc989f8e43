#include "compiler/layers/normalization.h"

#include <algorithm>

#include "compiler/layers/weights.h"

namespace netc {

using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

ParameterDef eps_parameter() {
  return {.name = "eps", .kind = ValueKind::kNumber, .minimum = 0, .maximum = 1, .words = {}};
}

graph::ScalarExpr inverse_root(double factor, double eps) {
  return expression([&](ScalarPool& pool) {
    ScalarId mean = pool.binary(ScalarOp::kMultiply, pool.operand(0), pool.constant(factor));
    ScalarId root = pool.unary(ScalarOp::kSqrt, pool.binary(ScalarOp::kAdd, mean, pool.constant(eps)));
    return pool.binary(ScalarOp::kDivide, pool.constant(1), root);
  });
}

ValueId standardize(graph::Builder& builder, ValueId x, std::span<const std::uint32_t> axes, double eps) {
  const graph::Extents extents = builder.type(x).extents;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t axis = 0; axis < extents.size(); ++axis) {
    if (std::ranges::find(axes, axis) == axes.end()) kept.push_back(axis);
  }
  const graph::IndexMap all = graph::identity_map(extents.size()), row = graph::axes_map(kept);
  ValueId sum = builder.reduce_axes(graph::ReduceKind::kSum, x, axes);
  const double share = static_cast<double>(graph::element_count(builder.type(sum).extents)) /
                       static_cast<double>(graph::element_count(extents));
  ValueId mean = builder.binary(ScalarOp::kMultiply, sum, builder.constant(share));
  // The deviations from a mean sum to 0, so the variance does not change with the mean: nothing flows back.
  graph::ScalarExpr square = expression([](ScalarPool& pool) {
    ScalarId centre = pool.unary(ScalarOp::kStopGradient, pool.operand(1));
    ScalarId deviation = pool.binary(ScalarOp::kSubtract, pool.operand(0), centre);
    return pool.binary(ScalarOp::kMultiply, deviation, deviation);
  });
  ValueId squares = builder.map(std::move(square), extents, {x, mean}, {all, row});
  ValueId inverse =
      builder.map(inverse_root(share, eps), {builder.reduce_axes(graph::ReduceKind::kSum, squares, axes)});
  graph::ScalarExpr standard = expression([](ScalarPool& pool) {
    return pool.binary(ScalarOp::kMultiply,
                       pool.binary(ScalarOp::kSubtract, pool.operand(0), pool.operand(1)), pool.operand(2));
  });
  return builder.map(std::move(standard), extents, {x, mean, inverse}, {all, row, row});
}

ValueId add_scale(const BuildContext& context, const Layer& layer) {
  return context.builder.parameter(layer.name + ".weight", {layer.output.channels()},
                                   {graph::Initializer::Kind::kConstant, 1});
}

ValueId scale_and_shift(const BuildContext& context, const Layer& layer, ValueId value) {
  const graph::Extents extents = context.builder.type(value).extents;
  const graph::IndexMap last = graph::axes_map(std::array{static_cast<std::uint32_t>(extents.size() - 1)});
  graph::ScalarExpr affine = expression([](ScalarPool& pool) {
    return pool.binary(ScalarOp::kAdd, pool.binary(ScalarOp::kMultiply, pool.operand(0), pool.operand(1)),
                       pool.operand(2));
  });
  ValueId scale = add_scale(context, layer), bias = *add_bias(context, layer);
  return context.builder.map(std::move(affine), extents, {value, scale, bias},
                             {graph::identity_map(extents.size()), last, last});
}

}  // namespace netc

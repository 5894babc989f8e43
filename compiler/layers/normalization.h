#pragma once
// What the layers that normalize share.

#include <span>

#include "compiler/layers/layer.h"

namespace netc {

constexpr double kDefaultEps = 1e-5;
ParameterDef eps_parameter();

// A map's expression: `build` makes the root from the pool.
template <typename Build>
graph::ScalarExpr expression(Build build) {
  graph::ScalarExpr expr;
  expr.root = build(expr.pool);
  return expr;
}

// 1 / sqrt(x + eps), of operand 0 times `factor`.
graph::ScalarExpr inverse_root(double factor, double eps);

// (x - mean) / sqrt(variance + eps), with mean and (biased) variance over some of x's axes.
graph::ValueId standardize(graph::Builder& builder, graph::ValueId x, std::span<const std::uint32_t> axes,
                           double eps);

// What each normalization ends with: a factor a channel, <layer>.weight [channels] from 1, and an offset,
// <layer>.bias [channels] from 0.
graph::ValueId add_scale(const BuildContext& context, const Layer& layer);
graph::ValueId scale_and_shift(const BuildContext& context, const Layer& layer, graph::ValueId value);

}  // namespace netc

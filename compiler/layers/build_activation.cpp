#include <numeric>

#include "compiler/layers/layer.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

ScalarExpr unary(ScalarOp op) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(op, expr.pool.operand(0));
  return expr;
}

ScalarExpr exp_of_difference() {
  ScalarExpr expr;
  expr.root = expr.pool.unary(
      ScalarOp::kExp, expr.pool.binary(ScalarOp::kSubtract, expr.pool.operand(0), expr.pool.operand(1)));
  return expr;
}

ScalarExpr binary(ScalarOp op) {
  ScalarExpr expr;
  expr.root = expr.pool.binary(op, expr.pool.operand(0), expr.pool.operand(1));
  return expr;
}

// The axes of a value but the last.
graph::IndexMap without_last(std::size_t rank) {
  std::vector<std::uint32_t> axes(rank - 1);
  std::iota(axes.begin(), axes.end(), 0u);
  return graph::axes_map(axes);
}

// exp(x - max) / sum, or (x - max) - log(sum). The maximum only keeps exp in range, so nothing flows back
// through it.
ValueId build_softmax(graph::Builder& builder, ValueId x, bool logarithm) {
  const graph::Extents extents = builder.type(x).extents;
  const std::array last{static_cast<std::uint32_t>(extents.size() - 1)};
  const std::vector<graph::IndexMap> maps{graph::identity_map(extents.size()), without_last(extents.size())};
  // x: [batch, ..., n]; maximum, sum: [batch, ...]
  ValueId maximum =
      builder.map(unary(ScalarOp::kStopGradient), {builder.reduce_axes(graph::ReduceKind::kMax, x, last)});
  ValueId exps = builder.map(exp_of_difference(), extents, {x, maximum}, maps);
  ValueId sum = builder.reduce_axes(graph::ReduceKind::kSum, exps, last);
  if (!logarithm) return builder.map(binary(ScalarOp::kDivide), extents, {exps, sum}, maps);
  ValueId shifted = builder.map(binary(ScalarOp::kSubtract), extents, {x, maximum}, maps);
  ValueId log_sum = builder.map(unary(ScalarOp::kLog), {sum});
  return builder.map(binary(ScalarOp::kSubtract), extents, {shifted, log_sum}, maps);
}

ValueId build_elementwise(graph::Builder& builder, const Activation& activation,
                          const std::string& layer_name, ValueId x) {
  const graph::Extents extents = builder.type(x).extents;
  const auto last = static_cast<std::uint32_t>(extents.size() - 1);
  std::vector<ValueId> operands{x};
  std::vector<graph::IndexMap> maps{graph::identity_map(extents.size())};
  // The name without arguments: `prelu(0.1)` has `dense_1.prelu.a`.
  const std::string prefix = layer_name + "." + activation.name.substr(0, activation.name.find('(')) + ".";
  for (const LearnedParameter& learned : activation.learned) {
    operands.push_back(builder.parameter(prefix + learned.name, {extents[last]},
                                         {graph::Initializer::Kind::kConstant, learned.initial}));
    maps.push_back(graph::axes_map(std::array{last}));
  }
  return builder.map(activation.function.expr, extents, operands, maps);
}

// x: [batch, ..., 2 n] -> [batch, ..., n]
ValueId build_gated(graph::Builder& builder, const Activation& activation, ValueId x) {
  graph::Extents extents = builder.type(x).extents;
  extents.back() /= 2;
  const graph::IndexMap first = graph::identity_map(extents.size());
  graph::IndexMap second = first;
  second.back().offset = extents.back();
  ScalarExpr product;
  const graph::ScalarId gate =
      graph::inline_into(product.pool, activation.function.expr, std::array{product.pool.operand(1)});
  product.root = product.pool.binary(ScalarOp::kMultiply, product.pool.operand(0), gate);
  return builder.map(std::move(product), std::move(extents), {x, x}, {first, second});
}

// x: [batch, ..., n * pieces] -> [batch, ..., n]
ValueId build_maxout(graph::Builder& builder, std::int64_t pieces, ValueId x) {
  graph::Extents result = builder.type(x).extents;
  result.back() /= pieces;
  graph::Extents domain = result;
  domain.push_back(pieces);
  const auto rank = static_cast<std::uint32_t>(result.size());
  graph::IndexMap operand = graph::identity_map(rank);
  operand.back().terms = {{rank - 1, pieces}, {rank, 1}};
  return builder.reduce(graph::ReduceKind::kMax, x, std::move(domain), std::move(operand),
                        graph::identity_map(rank), std::move(result));
}

}  // namespace

ValueId build_activation(const BuildContext& context, const Activation& activation,
                         const std::string& layer_name, ValueId input) {
  switch (activation.kind) {
    case ActivationKind::kElementwise:
      return build_elementwise(context.builder, activation, layer_name, input);
    case ActivationKind::kSoftmax: return build_softmax(context.builder, input, false);
    case ActivationKind::kLogSoftmax: return build_softmax(context.builder, input, true);
    case ActivationKind::kGated: return build_gated(context.builder, activation, input);
    case ActivationKind::kMaxout: return build_maxout(context.builder, activation.pieces, input);
  }
  return input;
}

}  // namespace netc

#include "compiler/layers/windows.h"

// pool max|avg [SIZE stride= pad=]: the greatest or the mean number of each window, channel by channel.
// Windows are 2x2, and stand side by side: the stride is the size. Padding takes no part: it is never the
// greatest, and a mean is over the numbers that are inside (Keras' rule; PyTorch's AvgPool2d has
// count_include_pad=False for it).

namespace netc {
namespace {

constexpr DiagnosticKind<> kPadBeyondWindow{"pad-beyond-window", "`pad` is not less than the window"};

constexpr std::int64_t kDefaultSize = 2, kStrideIsSize = 0;

Windows windows_of_pool(const Layer& layer) { return windows_of(layer, kDefaultSize, kStrideIsSize); }

std::optional<Shape> shape(const ShapeContext& context) {
  if (!require_image_or_sequence(context) || !check_windows(context, kDefaultSize, kStrideIsSize))
    return std::nullopt;
  const Windows windows = windows_of_pool(context.layer);
  for (const WindowAxis& axis : windows) {
    if (axis.before < axis.size) continue;
    context.diagnostics.error(kPadBeyondWindow, context.layer.arguments.span("pad", context.layer.span))
        .hint("some windows would hold nothing but padding");
    return std::nullopt;
  }
  return window_shape(context.input.kind, windows, context.input.channels());
}

// How many numbers of window `number` are inside: what is left between its first and its last tap.
graph::ScalarId count_inside(graph::ScalarPool& pool, const WindowAxis& axis, graph::ScalarId number) {
  using graph::ScalarOp;
  auto constant = [&](std::int64_t value) { return pool.constant(static_cast<double>(value)); };
  graph::ScalarId first = pool.binary(ScalarOp::kMultiply, number, constant(axis.stride));
  first = pool.binary(ScalarOp::kSubtract, first, constant(axis.before));
  graph::ScalarId end = pool.binary(ScalarOp::kAdd, first, constant(axis.size));
  return pool.binary(ScalarOp::kSubtract, pool.binary(ScalarOp::kMin, end, constant(axis.in)),
                     pool.binary(ScalarOp::kMax, first, constant(0)));
}

// 1 / the count of what is inside of each window: [windows...], or rank 0 where that is the same everywhere.
graph::ValueId inverse_counts(graph::Builder& builder, const Windows& windows) {
  graph::ScalarExpr expr;
  graph::ScalarId count = expr.pool.constant(1);
  std::vector<graph::ValueId> numbers;
  std::vector<graph::IndexMap> maps;
  graph::Extents extents;
  bool padded = false;
  for (const WindowAxis& axis : windows) padded = padded || axis.is_padded();
  if (!padded) return builder.constant(1 / static_cast<double>(taps(windows)));
  for (std::uint32_t i = 0; i < windows.size(); ++i) {
    graph::ScalarId number = expr.pool.unary(graph::ScalarOp::kConvert, expr.pool.operand(i));
    count = expr.pool.binary(graph::ScalarOp::kMultiply, count, count_inside(expr.pool, windows[i], number));
    numbers.push_back(builder.iota({windows[i].out}, 0));
    maps.push_back(graph::axes_map(std::array{i}));
    extents.push_back(windows[i].out);
  }
  expr.root = expr.pool.binary(graph::ScalarOp::kDivide, expr.pool.constant(1), count);
  return builder.map(std::move(expr), std::move(extents), std::move(numbers), std::move(maps));
}

graph::ValueId build(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Windows windows = windows_of_pool(layer);
  const bool average = layer.arguments.word("kind", "max") == "avg";
  graph::Builder& builder = context.builder;
  Domain domain;
  const std::uint32_t batch = domain.add(context.batch);
  const std::vector<std::uint32_t> window_axes = domain.add_windows(windows),
                                   tap_axes = domain.add_taps(windows);
  const std::uint32_t channel = domain.add(layer.input.channels());
  std::vector<std::uint32_t> kept{batch};
  graph::IndexMap operand = graph::axes_map(std::array{batch});
  graph::Extents result{context.batch};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    kept.push_back(window_axes[i]);
    operand.push_back(windows[i].place(window_axes[i], tap_axes[i]));
    result.push_back(windows[i].out);
  }
  kept.push_back(channel);
  operand.push_back(graph::axes_map(std::array{channel})[0]);
  result.push_back(layer.input.channels());
  graph::ValueId pooled =
      builder.reduce(average ? graph::ReduceKind::kSum : graph::ReduceKind::kMax, input,
                     std::move(domain.extents), std::move(operand), graph::axes_map(kept), result);
  if (!average) return pooled;
  graph::ValueId inverse = inverse_counts(builder, windows);
  if (builder.type(inverse).extents.empty())
    return builder.binary(graph::ScalarOp::kMultiply, pooled, inverse);
  graph::ScalarExpr product;
  product.root =
      product.pool.binary(graph::ScalarOp::kMultiply, product.pool.operand(0), product.pool.operand(1));
  graph::IndexMap place = graph::identity_map(result.size());
  place.erase(place.begin());
  place.pop_back();
  return builder.map(std::move(product), result, {pooled, inverse},
                     {graph::identity_map(result.size()), place});
}

}  // namespace

extern const LayerDef pool_layer;
const LayerDef pool_layer{
    .name = "pool",
    .parameters = {{.name = "kind",
                    .kind = ValueKind::kWord,
                    .positional = true,
                    .required = true,
                    .words = {"max", "avg"}},
                   size_parameter(false),
                   stride_parameter(),
                   pad_parameter()},
    .takes_activation = false,
    .shape = shape,
    .build = build,
};

}  // namespace netc

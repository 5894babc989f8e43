#include <numbers>

#include "compiler/layers/normalization.h"
#include "runtime/philox.h"

// noise DEVIATION: in training a normal random number with mean 0 and that standard deviation is added to
// each number; otherwise nothing.

namespace netc {
namespace {

using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

// x + deviation * sqrt(-2 log(1 - u)) * cos(2 pi v), with u and v uniform in [0, 1) (Box and Muller 1958).
graph::ScalarExpr add_noise(double deviation) {
  return expression([&](ScalarPool& pool) {
    ScalarId rest = pool.binary(ScalarOp::kSubtract, pool.constant(1), pool.operand(1));
    ScalarId length = pool.unary(ScalarOp::kSqrt, pool.binary(ScalarOp::kMultiply, pool.constant(-2),
                                                              pool.unary(ScalarOp::kLog, rest)));
    ScalarId angle = pool.binary(ScalarOp::kMultiply, pool.constant(2 * std::numbers::pi), pool.operand(2));
    ScalarId normal = pool.binary(ScalarOp::kMultiply, length, pool.unary(ScalarOp::kCos, angle));
    return pool.binary(ScalarOp::kAdd, pool.operand(0),
                       pool.binary(ScalarOp::kMultiply, pool.constant(deviation), normal));
  });
}

ValueId build(const BuildContext& context, const Layer& layer, ValueId input) {
  const double deviation = layer.arguments.number("deviation", 0);
  if (!context.training || deviation == 0) return input;
  auto random = [&](const char* purpose) {
    return context.builder.random(runtime::stream_of(layer.name + "/" + purpose),
                                  context.builder.type(input).extents, context.step);
  };
  return context.builder.map(add_noise(deviation), {input, random("length"), random("angle")});
}

}  // namespace

extern const LayerDef noise_layer;
const LayerDef noise_layer{
    .name = "noise",
    .parameters = {{.name = "deviation",
                    .kind = ValueKind::kNumber,
                    .positional = true,
                    .required = true,
                    .words = {}}},
    .takes_activation = false,
    .shape = [](const ShapeContext& context) { return std::optional(context.input); },
    .build = build,
};

}  // namespace netc

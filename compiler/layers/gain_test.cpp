#include <gtest/gtest.h>

#include "compiler/layers/activation.h"
#include "compiler/layers/layer.h"

namespace netc {
namespace {

using graph::ScalarOp;

Activation elementwise(graph::ScalarExpr expr) {
  return {.name = "f", .function = {.operands = {"x"}, .expr = std::move(expr)}, .learned = {}};
}

Activation unary(ScalarOp op) {
  graph::ScalarExpr expr;
  expr.root = expr.pool.unary(op, expr.pool.operand(0));
  return elementwise(std::move(expr));
}

TEST(Gain, OfLinearIsOne) {
  graph::ScalarExpr expr;
  expr.root = expr.pool.operand(0);
  EXPECT_EQ(gain(elementwise(std::move(expr))), 1);
}

TEST(Gain, OfReluIsHes) {
  graph::ScalarExpr expr;
  expr.root = expr.pool.binary(ScalarOp::kMax, expr.pool.constant(0), expr.pool.operand(0));
  EXPECT_EQ(gain(elementwise(std::move(expr))), 1.414);
}

TEST(Gain, OfTanh) { EXPECT_EQ(gain(unary(ScalarOp::kTanh)), 1.593); }

TEST(Gain, StaysInItsBounds) {
  EXPECT_EQ(gain(unary(ScalarOp::kExp)), 0.5);
  graph::ScalarExpr zero;
  zero.root = zero.pool.constant(0);
  EXPECT_EQ(gain(elementwise(std::move(zero))), 2);
}

TEST(Gain, OfWhatIsNotFiniteIsOne) {
  EXPECT_EQ(gain(unary(ScalarOp::kLog)), 1);
  EXPECT_EQ(gain({.name = "softmax", .kind = ActivationKind::kSoftmax, .function = {}, .learned = {}}), 1);
}

TEST(Layers, RegistryAndPlanAreApart) {
  for (const LayerDef* def : layer_registry()) {
    EXPECT_EQ(find_layer(def->name), def);
    for (std::string_view planned : planned_layers()) EXPECT_NE(def->name, planned);
  }
  EXPECT_EQ(find_layer("lstm"), nullptr);
}

TEST(Shapes, ProductsDoNotOverflow) {
  const Shape huge{ShapeKind::kImage, {1ll << 31, 1ll << 31, 1ll << 31}};
  EXPECT_EQ(huge.elements(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(print(huge), "2147483648x2147483648x2147483648");
  EXPECT_EQ(describe(Shape{ShapeKind::kSequence, {28, 28}}), "a sequence of 28x28");
}

}  // namespace
}  // namespace netc

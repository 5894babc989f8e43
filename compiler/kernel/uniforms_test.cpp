#include "compiler/kernel/uniforms.h"

#include <gtest/gtest.h>

namespace netc::kernel {
namespace {

using graph::ScalarOp;

// x / step: operand 0 is an element, operand 1 the step.
Body quotient() {
  Body body;
  body.operands = {{Operand::Kind::kElement, BufferId{3}}, {Operand::Kind::kStepNumber, {}, 0}};
  Statement statement;
  statement.root = body.pool.binary(ScalarOp::kDivide, body.pool.operand(0),
                                    body.pool.unary(ScalarOp::kConvert, body.pool.operand(1)));
  body.statements.push_back(statement);
  return body;
}

TEST(Uniforms, ADivisionByAStepNumberIsAProduct) {
  Plan plan;
  const Body hoisted = hoist_uniforms(plan, quotient());
  ASSERT_EQ(plan.uniforms.size(), 1u);
  EXPECT_EQ(print(plan.uniforms[0]), "1 / convert($0)");
  ASSERT_EQ(hoisted.operands.size(), 2u);
  EXPECT_EQ(hoisted.operands[1].kind, Operand::Kind::kUniform);
  EXPECT_EQ(hoisted.pool[hoisted.statements[0].root].op, ScalarOp::kMultiply);
}

TEST(Uniforms, EqualOnesAreSharedBetweenKernels) {
  Plan plan;
  hoist_uniforms(plan, quotient());
  hoist_uniforms(plan, quotient());
  EXPECT_EQ(plan.uniforms.size(), 1u);
}

TEST(Uniforms, NoStepNumberStays) {
  Plan plan;
  for (const Operand& operand : hoist_uniforms(plan, quotient()).operands)
    EXPECT_NE(operand.kind, Operand::Kind::kStepNumber);
}

// 1e-40 has no reciprocal that is a normal float.
TEST(Uniforms, DivisionsByTinyConstantsStay) {
  Plan plan;
  Body body;
  body.operands = {{Operand::Kind::kElement, BufferId{0}}};
  Statement statement;
  statement.root = body.pool.binary(ScalarOp::kDivide, body.pool.operand(0), body.pool.constant(1e-40));
  body.statements.push_back(statement);
  const Body hoisted = hoist_uniforms(plan, body);
  EXPECT_EQ(hoisted.pool[hoisted.statements[0].root].op, ScalarOp::kDivide);
  EXPECT_TRUE(plan.uniforms.empty());
}

}  // namespace
}  // namespace netc::kernel

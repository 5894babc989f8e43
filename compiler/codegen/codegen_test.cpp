#include "compiler/codegen/codegen.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/graph/build.h"
#include "compiler/kernel/lower.h"

namespace netc::codegen {
namespace {

using namespace graph;

// y = f(x) * 2 for each of `functions`, on [rows, 20].
kernel::Plan plan_of(std::vector<ScalarOp> functions, std::int64_t rows = 8) {
  Graph graph;
  Builder builder(graph);
  for (ScalarOp function : functions) {
    ScalarExpr expr;
    expr.root = expr.pool.binary(ScalarOp::kMultiply, expr.pool.unary(function, expr.pool.operand(0)),
                                 expr.pool.constant(2));
    const std::string number = std::to_string(graph.outputs.size());
    graph.outputs.push_back(
        {"y" + number, builder.map(expr, {builder.parameter("x" + number, {rows, 20}, {})})});
  }
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan = kernel::lower(graph, *find_target(""), diagnostics);
  EXPECT_TRUE(plan);
  return std::move(*plan);
}

std::size_t compiled_kernels(const std::vector<kernel::Plan>& plans) {
  std::vector<const kernel::Plan*> pointers;
  for (const kernel::Plan& plan : plans) pointers.push_back(&plan);
  const auto code = compile(pointers, *find_target(""), 2);
  for (std::size_t p = 0; p < plans.size(); ++p)
    EXPECT_EQ(code->functions(p).size(), plans[p].kernels.size());
  return code->compiled_kernels();
}

// For debuggers and profilers: each function is where the code that is called lies, under the kernel's name.
TEST(Code, NamesWhatIsLinked) {
  const kernel::Plan plan = plan_of({ScalarOp::kExp});
  const auto code = compile(std::vector{&plan}, *find_target(""), 1);
  ASSERT_EQ(code->linked().size(), plan.kernels.size());
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    const auto address = reinterpret_cast<std::uint64_t>(code->functions(0)[k]);
    const auto found = std::ranges::find(code->linked(), address, &LinkedFunction::address);
    ASSERT_NE(found, code->linked().end());
    EXPECT_EQ(found->name.substr(0, found->name.rfind('.')), plan.kernels[k].name);
    EXPECT_GT(found->bytes, 0u);
  }
}

TEST(Targets, ThisMachineRunsItsOwnCode) {
  ASSERT_TRUE(find_target(""));
  EXPECT_TRUE(runs_here(*find_target("")));
  EXPECT_FALSE(find_target("no-such-processor"));
}

TEST(Compile, EqualKernelsAreCompiledOnce) {
  // The uniforms and one map.
  EXPECT_EQ(compiled_kernels({plan_of({ScalarOp::kExp, ScalarOp::kExp, ScalarOp::kExp})}), 2u);
  EXPECT_EQ(compiled_kernels({plan_of({ScalarOp::kExp}), plan_of({ScalarOp::kExp})}), 2u);
}

TEST(Compile, DifferentKernelsAreNot) {
  EXPECT_EQ(compiled_kernels({plan_of({ScalarOp::kExp, ScalarOp::kTanh})}), 3u);
  EXPECT_EQ(compiled_kernels({plan_of({ScalarOp::kExp}, 8), plan_of({ScalarOp::kExp}, 9)}), 3u);
}

TEST(Emit, TextIsTheSameEveryTime) {
  const kernel::Plan plan = plan_of({ScalarOp::kSoftplus, ScalarOp::kErf});
  const kernel::Target target = *find_target("");
  const std::string once = emit_llvm(plan, target);
  EXPECT_EQ(once, emit_llvm(plan, target));
  EXPECT_NE(once.find("define void @"), std::string::npos);
  EXPECT_NE(emit_assembly(plan, target).find(".text"), std::string::npos);
}

// Everything is in vectors and in place: no function of libm in a loop.
TEST(Emit, ElementsNeedNoCalls) {
  const std::string text =
      emit_llvm(plan_of({ScalarOp::kExp, ScalarOp::kExpm1, ScalarOp::kLog, ScalarOp::kLog1p, ScalarOp::kSin,
                         ScalarOp::kCos, ScalarOp::kTanh, ScalarOp::kSigmoid, ScalarOp::kSoftplus,
                         ScalarOp::kErf, ScalarOp::kSqrt}),
                *find_target(""));
  for (std::size_t at = text.find(" call "); at != std::string::npos; at = text.find(" call ", at + 1)) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    EXPECT_NE(line.find("@llvm."), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace netc::codegen

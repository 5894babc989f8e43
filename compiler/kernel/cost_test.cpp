#include "compiler/kernel/cost.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/graph/build.h"
#include "compiler/kernel/lower.h"

namespace netc::kernel {
namespace {

using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

class Cost : public testing::Test {
 protected:
  ValueId parameter(const std::string& name, const graph::Extents& extents) {
    return builder_.parameter(name, extents, {});
  }
  // Of the kernel `name` of the plan whose result is `value`.
  runtime::Work work(ValueId value, const std::string& name) {
    graph_.outputs.push_back({"y", value});
    Diagnostics diagnostics;
    const std::optional<Plan> plan = lower(graph_, {"x86-64-v4", "", 32, 16}, diagnostics);
    EXPECT_TRUE(plan);
    auto found = std::find_if(plan->kernels.begin(), plan->kernels.end(),
                              [&](const Kernel& kernel) { return kernel.name == name; });
    EXPECT_NE(found, plan->kernels.end()) << print(*plan);
    return work_of(*plan, *found);
  }

  graph::Graph graph_;
  graph::Builder builder_{graph_};
};

// relu(x * w) with x of 5 x 7 and w of 7 x 3: pads to 16 columns do not count.
TEST_F(Cost, OfAProductAndWhatFollowsIt) {
  ScalarExpr half, relu;
  half.root = half.pool.binary(ScalarOp::kMultiply, half.pool.operand(0), half.pool.constant(0.5));
  relu.root = relu.pool.binary(ScalarOp::kMax, relu.pool.constant(0), relu.pool.operand(0));
  const ValueId x = builder_.map(half, {parameter("x", {5, 7})});
  const runtime::Work done =
      work(builder_.map(relu, {builder_.matmul(x, parameter("w", {7, 3}))}), "w.forward");
  EXPECT_EQ(done.flops, 2 * 5 * 7 * 3 + 5 * 3);
  EXPECT_EQ(done.bytes_moved, 4 * (5 * 7 + 7 * 3 + 5 * 3));
  EXPECT_EQ(done.bytes_held, done.bytes_moved);
}

// w - 0.5 * w * w: the product is computed once for w, w is read and written, but held once.
TEST_F(Cost, OfAnUpdateInPlace) {
  const ValueId w = parameter("w", {4, 6});
  ScalarExpr next;
  const auto old = next.pool.operand(0);
  const auto square = next.pool.binary(ScalarOp::kMultiply, old, old);
  next.root = next.pool.binary(ScalarOp::kSubtract, old,
                               next.pool.binary(ScalarOp::kMultiply, next.pool.constant(0.5), square));
  graph_.updates.push_back({w, builder_.map(next, {w})});
  const runtime::Work done =
      work(builder_.reduce_axes(graph::ReduceKind::kSum, w, std::array{1u}), "w.update");
  EXPECT_EQ(done.flops, 3 * 4 * 6);
  EXPECT_EQ(done.bytes_moved, 2 * 4 * 4 * 6);
  EXPECT_EQ(done.bytes_held, 4 * 4 * 6);
}

TEST_F(Cost, OfAReductionAlongRows) {
  ScalarExpr square;
  square.root = square.pool.binary(ScalarOp::kMultiply, square.pool.operand(0), square.pool.operand(0));
  const ValueId x = parameter("x", {4, 6});
  const runtime::Work done =
      work(builder_.reduce_axes(graph::ReduceKind::kSum, builder_.map(square, {x}), std::array{1u}), "y");
  EXPECT_EQ(done.flops, 2 * 4 * 6);
  EXPECT_EQ(done.bytes_moved, 4 * (4 * 6 + 4));
}

}  // namespace
}  // namespace netc::kernel

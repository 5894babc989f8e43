// What the kernel level cannot do yet is an error at the program's place, never wrong code.

#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "compiler/kernel/lower.h"
#include "tests/golden/golden.h"

namespace netc::kernel {
namespace {

using namespace graph;

constexpr const char* kText = "conv 8 3x3\ndense 10 softmax\n";

class Refusals : public ::testing::Test {
 protected:
  Refusals() : source_(sources_.add("refused.net", kText)) { builder_.set_span({source_, 0, 10}); }

  // The value is an output, so that a kernel has to make it.
  std::string messages(ValueId value) {
    graph_.outputs = {{"y", value}};
    EXPECT_EQ(graph::verify(graph_), "");
    Diagnostics diagnostics;
    EXPECT_FALSE(lower(graph_, {"x86-64-v4", "", 32, 16}, diagnostics));
    EXPECT_TRUE(diagnostics.has_errors());
    return golden::diagnostics_text(sources_, diagnostics);
  }
  void expect_refused(ValueId value, const std::string& what) {
    EXPECT_NE(messages(value).find("netc has no kernel yet for " + what), std::string::npos)
        << messages(value);
  }
  ValueId parameter(const std::string& name, Extents extents) {
    return builder_.parameter(name, extents, {});
  }

  ValueId gathered() {
    return builder_.gather(parameter("table", {6, 8}), builder_.input("labels", {DType::kI32, {4}}));
  }

  Sources sources_;
  SourceId source_;
  Graph graph_;
  Builder builder_{graph_};
};

std::filesystem::path expected(const std::string& name) {
  return golden::folder() / "diagnostics" / (name + ".txt");
}

TEST_F(Refusals, NoKernelGolden) { golden::expect(expected("kernel_no_kernel"), messages(gathered())); }

TEST_F(Refusals, Indexing) { expect_refused(gathered(), "gather"); }

// A parameter lies in panels, which other axes would cut elsewhere.
TEST_F(Refusals, ReshapedParameters) {
  expect_refused(builder_.reshape(parameter("a", {4, 6}), {8, 3}), "reshaped parameters");
}

TEST_F(Refusals, ReshapesOfVectorsToMatrices) {
  const ValueId sums = builder_.reduce_axes(ReduceKind::kSum, parameter("a", {4, 32}), std::array{0u});
  expect_refused(builder_.reshape(sums, {1, 32}), "reshapes between vectors and matrices");
}

// Beside a row's other values labels are read row by row; alone they are a vector that is nowhere in memory.
TEST_F(Refusals, LabelsAlone) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kConvert, expr.pool.operand(0));
  expect_refused(builder_.map(expr, {builder_.input("labels", {DType::kI32, {6}})}), "labels alone");
}

TEST_F(Refusals, ReductionsOfConstants) {
  const ValueId ones = graph_.add({Constant{{1}}, {}, {DType::kF32, {4, 6}}, "", {}});
  expect_refused(builder_.reduce_axes(ReduceKind::kSum, ones, std::array{0u}), "reductions of numbers");
}

TEST_F(Refusals, ProductsOfConstants) {
  const ValueId ones = graph_.add({Constant{{1}}, {}, {DType::kF32, {4, 6}}, "", {}});
  expect_refused(builder_.matmul(ones, parameter("b", {6, 5})), "contractions of numbers");
}

}  // namespace
}  // namespace netc::kernel

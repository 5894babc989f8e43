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

  Sources sources_;
  SourceId source_;
  Graph graph_;
  Builder builder_{graph_};
};

std::filesystem::path expected(const std::string& name) {
  return golden::folder() / "diagnostics" / (name + ".txt");
}

TEST_F(Refusals, NoKernelGolden) {
  const ValueId x = parameter("x", {6, 8});
  golden::expect(expected("kernel_no_kernel"),
                 messages(builder_.remap(x, axes_map(std::array{1u, 0u}), {8, 6})));
}

TEST_F(Refusals, NoContractionGolden) {
  // A convolution along rows: its index is a sum of two axes.
  const ValueId a = builder_.map(
      [] {
        ScalarExpr expr;
        expr.root = expr.pool.constant(1);
        return expr;
      }(),
      {6, 8}, {}, {});
  const ValueId b = parameter("b", {3, 4});
  Contract contract{{4, 4, 3},
                    {{0, {{0, 1}, {2, 1}}}, {0, {{1, 1}}}},
                    axes_map(std::array{2u, 1u}),
                    axes_map(std::array{0u, 1u})};
  golden::expect(expected("kernel_no_contraction"), messages(builder_.contract(a, b, contract, {4, 4})));
}

TEST_F(Refusals, ViewsAndIndexing) {
  expect_refused(builder_.concat({parameter("a", {2, 3}), parameter("b", {2, 3})}, 0), "concatenation");
}

TEST_F(Refusals, ReshapesThatMoveElementsBetweenRows) {
  expect_refused(builder_.reshape(parameter("a", {4, 6}), {8, 3}), "reshapes that change the first axis");
}

TEST_F(Refusals, ReshapesOfVectorsToMatrices) {
  expect_refused(builder_.reshape(parameter("a", {32}), {1, 32}), "reshapes that change the first axis");
}

TEST_F(Refusals, ReductionsOfManyAxes) {
  const ValueId a = parameter("a", {2, 3, 4});
  expect_refused(builder_.reduce_axes(ReduceKind::kSum, a, std::array{0u, 1u, 2u}),
                 "reductions of this form");
}

TEST_F(Refusals, MaximaDownColumns) {
  const ValueId a = parameter("a", {4, 6});
  expect_refused(builder_.reduce_axes(ReduceKind::kMax, a, std::array{0u}), "reductions of this form");
}

TEST_F(Refusals, ProductsOfTwoParameters) {
  expect_refused(builder_.matmul(parameter("a", {4, 6}), parameter("b", {6, 5})),
                 "a matrix product of these layouts");
}

// Beside a row's other values labels are read row by row; alone they are a vector that is nowhere in memory.
TEST_F(Refusals, LabelsAlone) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kConvert, expr.pool.operand(0));
  expect_refused(builder_.map(expr, {builder_.input("labels", {DType::kI32, {6}})}), "labels alone");
}

TEST_F(Refusals, ReductionsOfConstants) {
  const ValueId ones = graph_.add({Constant{{1}}, {}, {DType::kF32, {4, 6}}, "", {}});
  expect_refused(builder_.reduce_axes(ReduceKind::kSum, ones, std::array{0u}), "reductions of this form");
}

TEST_F(Refusals, ProductsOfConstants) {
  const ValueId ones = graph_.add({Constant{{1}}, {}, {DType::kF32, {4, 6}}, "", {}});
  expect_refused(builder_.matmul(ones, parameter("b", {6, 5})), "contractions of this form");
}

TEST_F(Refusals, ReadingColumnsBackwards) {
  ScalarExpr expr;
  expr.root = expr.pool.unary(ScalarOp::kExp, expr.pool.operand(0));
  const IndexMap transposed = axes_map(std::array{1u, 0u});
  expect_refused(builder_.map(expr, {6, 6}, {parameter("a", {6, 6})}, {transposed}),
                 "reading a tensor in this way");
}

}  // namespace
}  // namespace netc::kernel

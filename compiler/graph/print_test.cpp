#include <gtest/gtest.h>

#include "compiler/graph/build.h"

namespace netc::graph {
namespace {

TEST(PrintTest, ShowsEveryKindOfNode) {
  Graph graph;
  Builder b(graph);
  ValueId image = b.input("image", {DType::kU8, {2, 6}});
  ValueId step = b.input("step", {DType::kI32, {}});
  ValueId kernel = b.parameter("conv_1.weight", {3}, {Initializer::Kind::kUniform, 0.25});
  ValueId bias = b.parameter("conv_1.bias", {2}, {});
  b.state("average", {2}, 1);
  ValueId positions = b.iota({6}, 0);
  ScalarExpr scale;
  ScalarId pixel = scale.pool.unary(ScalarOp::kConvert, scale.pool.operand(0));
  scale.root = scale.pool.binary(ScalarOp::kDivide, pixel, scale.pool.constant(255));
  ValueId x = b.map(scale, {2, 6}, {image}, {identity_map(2)});
  // A convolution with stride 2 and a padding of 1.
  AffineIndex window{.offset = -1, .terms = {{1, 2}, {2, 1}}};
  ValueId y = b.contract(x, kernel,
                         {.domain = {2, 3, 3},
                          .a = {{.offset = 0, .terms = {{0, 1}}}, window},
                          .b = axes_map(std::array{2u}),
                          .result = axes_map(std::array{0u, 1u})},
                         {2, 3});
  ValueId best = b.reduce_axes(ReduceKind::kArgmax, y, std::array{1u});
  ValueId turned = b.remap(y, {{.offset = 2, .terms = {{1, -1}}}, {.offset = 0, .terms = {{0, 1}}}}, {3, 2});
  ValueId joined = b.concat({turned, turned}, 0);
  ValueId rows = b.gather(joined, positions);
  ValueId back = b.scatter_add(positions, rows, 4);
  b.random(255, {2}, step);
  ValueId flat = b.reshape(back, {8});
  auto body = std::make_shared<Graph>();
  Builder inner(*body);
  ValueId carry = inner.input("h", {DType::kF32, {}}), slice = inner.input("x", {DType::kF32, {}});
  body->outputs = {{"h", inner.binary(ScalarOp::kAdd, carry, slice)}};
  ValueId start = b.constant(0);
  ValueId total =
      b.scan({.body = body, .steps = 8, .carries = 1, .sequences = 1, .reverse = true}, {start, flat})[0];
  graph.outputs = {{"total", total}, {"best", best}};
  graph.updates = {{bias, bias}};

  EXPECT_EQ(verify(graph), "");
  EXPECT_EQ(print(graph), R"(%0 = input u8[2, 6] "image"
%1 = input i32[] "step"
%2 = parameter f32[3] "conv_1.weight" uniform 0.25
%3 = parameter f32[2] "conv_1.bias" = 0
%4 = state f32[2] "average" = 1
%5 = iota i32[6] axis 0
%6 = map f32[2, 6] (i, j) convert(%0[i, j]) / 255
%7 = contract f32[2, 3] (i, j, k in 2, 3, 3) a=%6[i, 2*j + k - 1] b=%2[k] -> [i, j]
%8 = reduce argmax i32[2] (i, j in 2, 3) %7[i, j] -> [i]
%9 = remap f32[3, 2] (i, j) %7[-j + 2, i]
%10 = concat f32[6, 2] axis 0 %9 %9
%11 = gather f32[6, 2] %10 %5
%12 = scatter_add f32[4, 2] %5 %11
%13 = random f32[2] stream 0xff %1
%14 = reshape f32[8] %12
%15 = constant f32[] 0
%16 = scan f32[] steps 8 carries 1 sequences 1 reverse %15 %14 {
  %0 = input f32[] "h"
  %1 = input f32[] "x"
  %2 = map f32[] () %0[] + %1[]
  output h = %2
}
%17 = scan_result f32[] %16 number 0
output total = %17
output best = %8
update %3 = %3
)");
}

TEST(PrintTest, SaysWhereNodesComeFrom) {
  Sources sources;
  SourceId file = sources.add("mnist.net", "dense 128 relu\ndense 10 softmax\n");
  Graph graph;
  Builder b(graph);
  b.set_span({file, 15, 31});
  ValueId x = b.input("x", {DType::kF32, {2}});
  ValueId y = b.binary(ScalarOp::kAdd, x, x);
  graph.nodes[index(y)].name = "dense_2";
  EXPECT_EQ(
      print(graph, &sources),
      "%0 = input f32[2] \"x\"  # mnist.net:2\n%1 = map f32[2] (i) %0[i] + %0[i]  # dense_2, mnist.net:2\n");
}

TEST(BuildTest, MapsAreTidy) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {DType::kF32, {2, 2}}), y = b.input("y", {DType::kF32, {2, 2}});
  ScalarExpr expr;
  expr.root = expr.pool.binary(ScalarOp::kSubtract, expr.pool.operand(2), expr.pool.operand(1));
  IndexMap turned = axes_map(std::array{1u, 0u});
  ValueId same = b.map(expr, {2, 2}, {y, x, x}, {identity_map(2), identity_map(2), identity_map(2)});
  ValueId other = b.map(expr, {2, 2}, {y, x, x}, {identity_map(2), identity_map(2), turned});
  EXPECT_EQ(graph[same].operands, std::vector<ValueId>{x});
  EXPECT_EQ(print(std::get<Map>(graph[same].op).expr), "$0 - $0");
  EXPECT_EQ(graph[other].operands, (std::vector<ValueId>{x, x}));
  EXPECT_EQ(print(std::get<Map>(graph[other].op).expr), "$1 - $0");
  EXPECT_EQ(verify(graph), "");
}

}  // namespace
}  // namespace netc::graph

#include "compiler/training/rewrite.h"

#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "compiler/training/gradient_check.h"
#include "tests/golden/golden.h"

namespace netc::training {
namespace {

using namespace graph;

constexpr DType kF32 = DType::kF32;

IndexMap on(std::vector<std::uint32_t> axes) { return axes_map(axes); }

// A map's expression of up to three operands.
template <typename Build>
ScalarExpr expression(Build build) {
  ScalarExpr expr;
  expr.root = build(expr.pool, expr.pool.operand(0), expr.pool.operand(1), expr.pool.operand(2));
  return expr;
}

ScalarExpr exp_of_shifted() {
  return expression([](ScalarPool& p, ScalarId z, ScalarId most, ScalarId) {
    return p.unary(ScalarOp::kExp, p.binary(ScalarOp::kSubtract, z, p.unary(ScalarOp::kStopGradient, most)));
  });
}

ScalarExpr one_hot() {
  return expression([](ScalarPool& p, ScalarId label, ScalarId number, ScalarId) {
    ScalarId same =
        p.binary(ScalarOp::kEqual, p.unary(ScalarOp::kConvert, label), p.unary(ScalarOp::kConvert, number));
    return p.select(same, p.constant(1), p.constant(0));
  });
}

ScalarExpr cross_entropy() {
  return expression([](ScalarPool& p, ScalarId y, ScalarId t, ScalarId) {
    ScalarId term = p.binary(ScalarOp::kMultiply, t, p.unary(ScalarOp::kLog, y));
    return p.select(p.binary(ScalarOp::kLess, p.constant(0), t), p.unary(ScalarOp::kNegate, term),
                    p.constant(0));
  });
}

// t in {0, 1}
ScalarExpr binary_cross_entropy() {
  return expression([](ScalarPool& p, ScalarId y, ScalarId t, ScalarId) {
    ScalarId one = p.constant(1);
    ScalarId yes = p.binary(ScalarOp::kMultiply, t, p.unary(ScalarOp::kLog, y));
    ScalarId other_t = p.binary(ScalarOp::kSubtract, one, t), other_y = p.binary(ScalarOp::kSubtract, one, y);
    ScalarId no = p.binary(ScalarOp::kMultiply, other_t, p.unary(ScalarOp::kLog, other_y));
    return p.unary(ScalarOp::kNegate, p.binary(ScalarOp::kAdd, yes, no));
  });
}

ScalarExpr scaled(double factor) {
  return expression([=](ScalarPool& p, ScalarId x, ScalarId, ScalarId) {
    return p.binary(ScalarOp::kMultiply, x, p.constant(factor));
  });
}

// The mean over the batch of the cross-entropy of softmax(z); y and the loss are outputs.
ValueId add_softmax_loss(Builder& b, ValueId z, ValueId labels) {
  Extents extents = b.type(z).extents;
  ValueId most = b.reduce_axes(ReduceKind::kMax, z, std::array{1u});
  ValueId e = b.map(exp_of_shifted(), extents, {z, most}, {identity_map(2), on({0})});
  ValueId sum = b.reduce_axes(ReduceKind::kSum, e, std::array{1u});
  ScalarExpr quotient = expression(
      [](ScalarPool& p, ScalarId a, ScalarId c, ScalarId) { return p.binary(ScalarOp::kDivide, a, c); });
  ValueId y = b.map(quotient, extents, {e, sum}, {identity_map(2), on({0})});
  ValueId numbers = b.iota({extents[1]}, 0);
  ValueId t = b.map(one_hot(), extents, {labels, numbers}, {on({0}), on({1})});
  ValueId losses = b.reduce_axes(ReduceKind::kSum, b.map(cross_entropy(), {y, t}), std::array{1u});
  ValueId total = b.reduce_axes(ReduceKind::kSum, losses, std::array{0u});
  ValueId loss = b.map(scaled(1.0 / static_cast<double>(extents[0])), {total});
  b.graph().outputs = {{"loss", loss}, {"y", y}};
  return loss;
}

std::string lines_with(const std::string& text, std::string_view part) {
  std::string found;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin) + 1;
    std::string line = text.substr(begin, end - begin);
    if (line.find(part) != std::string::npos) found += line;
    begin = end;
  }
  return found;
}

TEST(RewriteTest, SoftmaxUnderCrossEntropyBecomesLogSumExp) {
  Graph graph;
  Builder b(graph);
  ValueId z = b.parameter("z", {4, 3}, {}), labels = b.input("labels", {DType::kU8, {4}});
  add_softmax_loss(b, z, labels);
  Graph after = inline_maps(graph);
  EXPECT_EQ(verify(after), "");
  EXPECT_EQ(lines_with(print(after), "log("),
            "%7 = map f32[4, 3] (i, j) if convert(%1[i]) == convert(%6[j]) then "
            "-(%0[i, j] - stop_gradient(%2[i]) - log(%4[i])) else 0\n");
  ReferenceLeaves leaves{{"labels", {{4}, {0, 2, 2, 1}}}};
  std::mt19937 random(6);
  fill_leaves(graph, leaves, random);
  double before_loss = run_reference(graph, leaves).outputs.at("loss").values[0];
  EXPECT_NEAR(run_reference(after, leaves).outputs.at("loss").values[0], before_loss, 1e-12);
  expect_gradients(after, *after.output("loss"), {ValueId{0}}, leaves);
  // Where the quotient is 0 in any arithmetic, its logarithm is still known.
  leaves["z"] = {{4, 3}, {0, 5000, 0, 1, 2, 3, 3, 2, 1, 0, 0, 0}};
  EXPECT_NEAR(run_reference(after, leaves).outputs.at("loss").values[0], 1250, 2);
}

TEST(RewriteTest, SigmoidUnderBinaryCrossEntropyBecomesSoftplus) {
  Graph graph;
  Builder b(graph);
  ValueId z = b.parameter("z", {4}, {}), t = b.input("t", {kF32, {4}});
  ScalarExpr sigmoid = expression(
      [](ScalarPool& p, ScalarId x, ScalarId, ScalarId) { return p.unary(ScalarOp::kSigmoid, x); });
  ValueId losses = b.map(binary_cross_entropy(), {b.map(sigmoid, {z}), t});
  graph.outputs = {{"loss", b.reduce_axes(ReduceKind::kSum, losses, std::array{0u})}};
  Graph after = inline_maps(graph);
  EXPECT_EQ(verify(after), "");
  EXPECT_EQ(lines_with(print(after), "map"),
            "%2 = map f32[4] (i) -(-(%1[i] * softplus(-%0[i])) - (1 - %1[i]) * softplus(%0[i]))\n");
  ReferenceLeaves leaves{{"t", {{4}, {0, 1, 0, 1}}}, {"z", {{4}, {-1, 2, 800, -800}}}};
  EXPECT_NEAR(run_reference(after, leaves).outputs.at("loss").values[0], 1600.44, 0.01);
  leaves["z"].values = {-1, 2, 3, -2};
  expect_gradients(after, *after.output("loss"), {ValueId{0}}, leaves);
}

TEST(RewriteTest, DearMapsAreNotDoneMoreOften) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {kF32, {4}}), m = b.input("m", {kF32, {3, 4}});
  ScalarExpr dear = expression([](ScalarPool& p, ScalarId a, ScalarId, ScalarId) {
    return p.unary(ScalarOp::kTanh, p.unary(ScalarOp::kSin, p.unary(ScalarOp::kExp, a)));
  });
  ScalarExpr root =
      expression([](ScalarPool& p, ScalarId a, ScalarId, ScalarId) { return p.unary(ScalarOp::kSqrt, a); });
  ValueId shared = b.map(dear, {x}), spread = b.map(root, {x}), single = b.map(dear, {x}),
          shifted = b.map(scaled(3), {x});
  ScalarExpr product = expression(
      [](ScalarPool& p, ScalarId a, ScalarId c, ScalarId) { return p.binary(ScalarOp::kMultiply, a, c); });
  graph.outputs = {{"a", b.map(scaled(2), {shared})},
                   {"b", b.map(scaled(5), {shared})},
                   {"c", b.map(product, {3, 4}, {m, spread}, {identity_map(2), on({1})})},
                   {"d", b.map(scaled(7), {single})},
                   {"e", b.map(product, {3, 4}, {m, shifted}, {identity_map(2), on({1})})},
                   {"f", b.map(product, {x, b.constant(4)})}};
  EXPECT_EQ(print(inline_maps(graph)), R"(%0 = input f32[4] "x"
%1 = input f32[3, 4] "m"
%2 = map f32[4] (i) tanh(sin(exp(%0[i])))
%3 = map f32[4] (i) sqrt(%0[i])
%4 = map f32[4] (i) %2[i] * 2
%5 = map f32[4] (i) %2[i] * 5
%6 = map f32[3, 4] (i, j) %1[i, j] * %3[j]
%7 = map f32[4] (i) tanh(sin(exp(%0[i]))) * 7
%8 = map f32[3, 4] (i, j) %1[i, j] * (%0[j] * 3)
%9 = map f32[4] (i) %0[i] * 4
output a = %4
output b = %5
output c = %6
output d = %7
output e = %8
output f = %9
)");
}

// Outside of the inner map there are zeros, not the expression of zeros.
TEST(RewriteTest, MapsReadFromOutsideStay) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {kF32, {4}});
  ScalarExpr one_more = expression([](ScalarPool& p, ScalarId a, ScalarId, ScalarId) {
    return p.binary(ScalarOp::kAdd, a, p.constant(1));
  });
  ValueId inner = b.map(one_more, {x});
  IndexMap shifted{{.offset = 2, .terms = {{0, 1}}}};
  graph.outputs = {{"y", b.map(scaled(2), {4}, {inner}, {shifted})}};
  Graph after = inline_maps(graph);
  ReferenceLeaves leaves{{"x", {{4}, {1, 2, 3, 4}}}};
  EXPECT_EQ(run_reference(after, leaves).outputs.at("y").values, (std::vector<double>{8, 10, 0, 0}));
}

TEST(RewriteTest, EqualNodesMergeButLeavesAndRandomDoNot) {
  Graph graph;
  Builder b(graph);
  ValueId step = b.input("step", {DType::kI32, {}});
  ValueId x = b.input("x", {kF32, {2}}), y = b.input("y", {kF32, {2}});
  ValueId first = b.binary(ScalarOp::kAdd, x, b.constant(1)),
          second = b.binary(ScalarOp::kAdd, x, b.constant(1));
  ValueId third = b.binary(ScalarOp::kAdd, y, b.constant(1));
  ValueId sum = b.binary(ScalarOp::kMultiply, first, second);
  sum = b.binary(ScalarOp::kAdd, sum, third);
  ValueId noise = b.random(1, {2}, step), more_noise = b.random(1, {2}, step);
  noise = b.binary(ScalarOp::kAdd, noise, more_noise);
  graph.outputs = {{"sum", sum}, {"noise", noise}, {"second", second}};
  Graph after = merge_equal(graph);
  EXPECT_EQ(print(after), R"(%0 = input i32[] "step"
%1 = input f32[2] "x"
%2 = input f32[2] "y"
%3 = constant f32[] 1
%4 = map f32[2] (i) %1[i] + %3[]
%5 = map f32[2] (i) %2[i] + %3[]
%6 = map f32[2] (i) %4[i] * %4[i]
%7 = map f32[2] (i) %6[i] + %5[i]
%8 = random f32[2] stream 0x1 %0
%9 = random f32[2] stream 0x1 %0
%10 = map f32[2] (i) %8[i] + %9[i]
output sum = %7
output noise = %10
output second = %4
)");
}

// Adds three taps around each place: as a gradient of a convolution does.
std::string gathered(std::int64_t stride, std::int64_t taps) {
  Graph graph;
  Builder b(graph);
  ValueId g = b.input("g", {kF32, {8}}), w = b.input("w", {kF32, {taps}});
  Contract scatter{.domain = {8, taps}, .a = on({0}), .b = on({1}), .result = {}};
  scatter.result = {{.offset = -1, .terms = {{0, stride}, {1, 1}}}};
  b.contract(g, w, scatter, {8 * stride});
  graph = gather_results(std::move(graph));
  EXPECT_EQ(verify(graph), "");
  const std::string text = print(graph);
  return text.substr(text.find("%2"));
}

TEST(RewriteTest, SumsThatScatterGather) {
  EXPECT_EQ(gathered(1, 3), "%2 = contract f32[8] (i, j in 8, 3) a=%0[i - j + 1] b=%1[j] -> [i]\n");
  // A place between two windows has no window of its own; and to go over the taps would be a long way.
  EXPECT_EQ(gathered(2, 3), "%2 = contract f32[16] (i, j in 8, 3) a=%0[i] b=%1[j] -> [2*i + j - 1]\n");
  EXPECT_EQ(gathered(1, 9), "%2 = contract f32[8] (i, j in 8, 8) a=%0[i] b=%1[-i + j + 1] -> [j]\n");
}

// The maxima of pairs of a map of two rows of numbers and another operand, read at `at`.
std::string pooled(const ScalarExpr& expr, const Extents& extents, const IndexMap& at) {
  Graph graph;
  Builder b(graph);
  ValueId x = b.input("x", {kF32, {4, 2}}), other = b.input("other", {kF32, extents});
  ValueId mapped = b.map(expr, {4, 2}, {x, other}, {identity_map(2), at});
  IndexMap pairs = on({0, 1});
  pairs[0].terms = {{0, 2}, {2, 1}};
  graph.outputs = {{"most", b.reduce(ReduceKind::kMax, mapped, {2, 2, 2}, pairs, on({0, 1}), {2, 2})}};
  graph = pool_first(std::move(graph));
  EXPECT_EQ(verify(graph), "");
  const std::string text = print(graph);
  return text.substr(text.find("%2"));
}

TEST(RewriteTest, MaximaGoBeforeMapsThatRise) {
  const ScalarExpr activation = expression([](ScalarPool& p, ScalarId x, ScalarId bias, ScalarId) {
    return p.binary(ScalarOp::kMax, p.constant(0), p.binary(ScalarOp::kAdd, x, bias));
  });
  EXPECT_EQ(pooled(activation, {2}, on({1})),
            "%2 = reduce max f32[2, 2] (i, j, k in 2, 2, 2) %0[2*i + k, j] -> [i, j]\n"
            "%3 = map f32[2, 2] (i, j) max(0, %2[i, j] + %1[j])\noutput most = %3\n");
  const std::string other_operands_differ = pooled(activation, {4, 2}, on({0, 1}));
  EXPECT_TRUE(other_operands_differ.starts_with("%2 = map f32[4, 2]")) << other_operands_differ;
  const std::string unknown_sign = pooled(expression([](ScalarPool& p, ScalarId x, ScalarId scale, ScalarId) {
                                            return p.binary(ScalarOp::kMultiply, x, scale);
                                          }),
                                          {2}, on({1}));
  EXPECT_TRUE(unknown_sign.starts_with("%2 = map f32[4, 2]")) << unknown_sign;
}

TEST(RewriteTest, DeadNodesGoAndLeavesStay) {
  Graph graph;
  Builder b(graph);
  ValueId unused = b.parameter("unused", {2}, {}), w = b.parameter("w", {2}, {});
  b.binary(ScalarOp::kAdd, unused, w);
  ValueId next = b.map(scaled(0.5), {w});
  graph.updates = {{w, next}};
  EXPECT_EQ(print(drop_dead(graph)), R"(%0 = parameter f32[2] "unused" = 0
%1 = parameter f32[2] "w" = 0
%2 = map f32[2] (i) %1[i] * 0.5
update %1 = %2
)");
}

// A graph of maps, reductions, products and views over [3, 3] tensors, chosen at random.
Graph random_graph(unsigned seed) {
  std::mt19937 random(seed);
  Graph graph;
  Builder b(graph);
  std::vector<ValueId> values{b.input("x", {kF32, {3, 3}}), b.input("y", {kF32, {3, 3}})};
  const ScalarOp kUnary[] = {ScalarOp::kTanh, ScalarOp::kExp, ScalarOp::kSigmoid, ScalarOp::kAbs,
                             ScalarOp::kSoftplus};
  auto any = [&] { return values[random() % values.size()]; };
  for (int i = 0; i < 14; ++i) {
    ScalarOp op = kUnary[random() % std::size(kUnary)];
    ScalarExpr wave = expression([=](ScalarPool& p, ScalarId a, ScalarId c, ScalarId) {
      return p.unary(ScalarOp::kTanh, p.binary(ScalarOp::kSubtract, p.unary(op, a), c));
    });
    IndexMap turned = random() % 2 ? on({1, 0}) : on({0, 1});
    IndexMap shifted{{.offset = static_cast<std::int64_t>(random() % 2), .terms = {{0, 1}}},
                     {.offset = 0, .terms = {{1, 1}}}};
    switch (random() % 4) {
      case 0: values.push_back(b.map(wave, {3, 3}, {any(), any()}, {identity_map(2), turned})); break;
      case 1: values.push_back(b.map(wave, {3, 3}, {any(), any()}, {shifted, turned})); break;
      case 2: {
        ValueId row =
            b.reduce_axes(random() % 2 ? ReduceKind::kSum : ReduceKind::kMax, any(), std::array{1u});
        values.push_back(b.map(wave, {3, 3}, {any(), b.map(wave, {row, row})}, {turned, on({1})}));
        break;
      }
      case 3: values.push_back(b.map(scaled(0.3), {b.matmul(any(), any())})); break;
    }
  }
  graph.outputs = {{"last", values.back()}, {"middle", values[values.size() / 2]}};
  return graph;
}

void expect_same(const Graph& before, const Graph& after, const ReferenceLeaves& leaves) {
  ASSERT_EQ(verify(after), "") << print(after);
  ReferenceRun first = run_reference(before, leaves), second = run_reference(after, leaves);
  for (const auto& [name, tensor] : first.outputs) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      ASSERT_NEAR(second.outputs.at(name).values[i], tensor.values[i], 1e-12)
          << print(before) << print(after);
    }
  }
}

TEST(RewriteTest, ValuesStay) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Graph graph = random_graph(seed);
    ReferenceLeaves leaves;
    std::mt19937 random(seed);
    fill_leaves(graph, leaves, random);
    expect_same(graph, drop_dead(graph), leaves);
    expect_same(graph, merge_equal(graph), leaves);
    expect_same(graph, inline_maps(graph), leaves);
    expect_same(graph, merge_equal(inline_maps(merge_equal(drop_dead(graph)))), leaves);
  }
}

// A dense layer with its activation.
ValueId add_dense(Builder& b, ValueId x, std::int64_t width, const std::string& name, bool is_last) {
  std::int64_t inputs = b.type(x).extents[1], batch = b.type(x).extents[0];
  ValueId w = b.parameter(name + ".weight", {inputs, width}, {Initializer::Kind::kUniform, 0.1});
  ValueId bias = b.parameter(name + ".bias", {width}, {});
  ScalarExpr sum = expression(
      [](ScalarPool& p, ScalarId a, ScalarId c, ScalarId) { return p.binary(ScalarOp::kAdd, a, c); });
  ValueId z = b.map(sum, {batch, width}, {b.matmul(x, w), bias}, {identity_map(2), on({1})});
  if (is_last) return z;
  ScalarExpr relu = expression([](ScalarPool& p, ScalarId a, ScalarId, ScalarId) {
    return p.binary(ScalarOp::kMax, p.constant(0), a);
  });
  return b.map(relu, {z});
}

// The whole training step: pixels to next weights by plain descent.
Graph mlp_step(int layers, std::int64_t batch, std::int64_t width) {
  Graph graph;
  Builder b(graph);
  ValueId pixels = b.input("pixels", {DType::kU8, {batch, width}}),
          labels = b.input("labels", {DType::kU8, {batch}});
  ScalarExpr unit = expression([](ScalarPool& p, ScalarId a, ScalarId, ScalarId) {
    return p.binary(ScalarOp::kDivide, p.unary(ScalarOp::kConvert, a), p.constant(255));
  });
  ValueId h = b.map(unit, {pixels});
  for (int i = 1; i <= layers; ++i)
    h = add_dense(b, h, i == layers ? 10 : width, fmt::format("dense_{}", i), i == layers);
  add_softmax_loss(b, h, labels);
  graph = inline_maps(std::move(graph));
  std::vector<ValueId> parameters;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (std::holds_alternative<Parameter>(graph.nodes[i].op)) parameters.push_back(static_cast<ValueId>(i));
  }
  std::vector<ValueId> gradients = add_gradients(graph, *graph.output("loss"), parameters);
  ScalarExpr descend = expression([](ScalarPool& p, ScalarId w, ScalarId g, ScalarId) {
    return p.binary(ScalarOp::kSubtract, w, p.binary(ScalarOp::kMultiply, p.constant(0.1), g));
  });
  Builder after(graph);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    graph.updates.push_back({parameters[i], after.map(descend, {parameters[i], gradients[i]})});
  }
  return drop_dead(merge_equal(std::move(graph)));
}

// It is on the way to the first training step. The bound leaves room for sanitizers and slow machines.
TEST(RewriteTest, TenLayersTakeLittleTime) {
  auto begin = std::chrono::steady_clock::now();
  Graph step = mlp_step(10, 32, 128);
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(seconds.count(), 0.25);
  RecordProperty("microseconds", static_cast<int>(seconds.count() * 1e6));
  EXPECT_EQ(verify(step), "");
}

TEST(RewriteTest, GoldenStepOfAnMlp) {
  Graph step = mlp_step(2, 4, 6);
  EXPECT_EQ(verify(step), "");
  golden::expect(golden::folder() / "graph" / "mlp_step.txt", print(step));
}

TEST(RewriteTest, StepsOfAnMlpDescend) {
  Graph step = mlp_step(3, 4, 6);
  std::mt19937 random(8);
  ReferenceLeaves leaves;
  fill_leaves(step, leaves, random);
  leaves["pixels"] = random_tensor({4, 6}, random, 0, 255);
  leaves["labels"] = {{4}, {1, 9, 1, 3}};
  double first = run_reference(step, leaves).outputs.at("loss").values[0];
  for (int i = 0; i < 500; ++i) {
    for (auto& [name, tensor] : run_reference(step, leaves).next) leaves[name] = tensor;
  }
  EXPECT_LT(run_reference(step, leaves).outputs.at("loss").values[0], 0.5 * first);
}

}  // namespace
}  // namespace netc::training

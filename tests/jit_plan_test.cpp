// Plans of real programs and of graphs built by hand: barriers, memory, layouts, and where a weight's update
// stands; each with the numbers that it gives.

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "compiler/training/step.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Builder;
using graph::Extents;
using graph::Graph;
using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;
using kernel::Kernel;
using kernel::Plan;
using training::ReferenceLeaves;

Graph step_graph(const std::string& text, std::int64_t inputs = 20, std::int64_t classes = 10) {
  const DataDescription data{
      .sample = {ShapeKind::kVector, {inputs}}, .classes = classes, .train = 1000, .test = 100};
  return training::build_training_step(type_program(text, data)->network);
}

const std::vector<std::string>& programs() {
  static const std::vector<std::string> all{
      "dense 10 softmax", "dense 128 relu; dense 10 softmax\ntrain { optimizer adam }",
      "dense 70 gelu; dropout 20%; dense 33 prelu; dense 10 softmax\ntrain { optimizer sgd momentum=0.9; "
      "batch 40 }",
      "dense 64 snake; dense 64 tanh; dense 10 softmax\ntrain { optimizer rmsprop; clip norm=1; batch 100 }",
      "dense 300 relu; dense 200 relu; dense 10 softmax\ntrain { optimizer adamw; batch 1 }"};
  return all;
}

ReferenceLeaves random_leaves(const Graph& graph, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> real(-1, 1);
  ReferenceLeaves leaves;
  for (const graph::Node& node : graph.nodes) {
    if (node.name.empty()) continue;
    const bool whole = node.type.dtype != graph::DType::kF32;
    leaves[node.name] = make_tensor(node.type.extents, [&]() -> double {
      return whole ? static_cast<double>(random() % 5 + 1) : static_cast<double>(real(random));
    });
  }
  return leaves;
}

// The outputs and next values against the reference, for 1 to 3 threads with the same bits.
void expect_numbers(const Graph& graph, unsigned seed) {
  const ReferenceLeaves leaves = random_leaves(graph, seed);
  const auto reference = training::run_reference(graph, leaves);
  const CompiledGraph compiled(graph);
  const RunResult run = compiled.run(leaves, 1);
  for (const auto& [name, tensor] : reference.outputs)
    EXPECT_LE(norm_error(run.outputs.at(name), tensor.values), 1e-5) << name;
  for (const auto& [name, tensor] : reference.next)
    EXPECT_LE(norm_error(run.leaves.at(name), tensor.values), 1e-5) << name;
  EXPECT_TRUE(same_bits(run, compiled.run(leaves, 2)));
  EXPECT_TRUE(same_bits(run, compiled.run(leaves, 3)));
}

// The kernel that writes a leaf's master.
const Kernel& writer(const Plan& plan, const std::string& leaf) {
  for (const Kernel& kernel : plan.kernels) {
    for (const kernel::Statement& statement : kernel.body.statements) {
      if (statement.store && plan.buffer(*statement.store).leaf == leaf) return kernel;
    }
  }
  ADD_FAILURE() << "nothing writes " << leaf;
  return plan.kernels[0];
}

bool is_fused(const Plan& plan, const std::string& weight) {
  return std::holds_alternative<kernel::ContractKernel>(writer(plan, weight).form);
}

// Buffers of a step that hold a tensor of these extents: its gradient, where it is stored.
std::int64_t stored(const Plan& plan, const Extents& extents) {
  return std::ranges::count_if(plan.buffers, [&](const kernel::Buffer& buffer) {
    return buffer.storage == kernel::Storage::kArena && buffer.extents == extents;
  });
}

// Do two kernels meet at a buffer that threads share, and one of them writes it?
bool meet(const Plan& plan, const Kernel& a, const Kernel& b) {
  return std::ranges::any_of(a.accesses, [&](const kernel::Access& first) {
    return std::ranges::any_of(b.accesses, [&](const kernel::Access& second) {
      return first.buffer == second.buffer && (first.write || second.write) &&
             plan.buffer(first.buffer).storage != kernel::Storage::kPrivate;
    });
  });
}

// Whether the barrier before kernel `place` stands between kernels of one tile alone: the last thread runs
// both, and nobody waits for anything.
bool is_redundant(const Plan& plan, std::size_t place) {
  for (std::size_t before = place; before-- > 0;) {
    for (std::size_t after = place; after < plan.kernels.size(); ++after) {
      if (after > place && plan.kernels[after].barrier_before) break;
      const Kernel &a = plan.kernels[before], &b = plan.kernels[after];
      const bool one_thread = a.tiles == 1 && b.tiles == 1 && !a.replicated && !b.replicated;
      if (meet(plan, a, b) && !one_thread) return false;
    }
    if (plan.kernels[before].barrier_before) break;
  }
  return true;
}

TEST(Plans, EveryBarrierIsNeeded) {
  std::int64_t barriers = 0;
  for (const std::string& text : programs()) {
    const Plan plan = make_plan(step_graph(text));
    for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
      if (!plan.kernels[i].barrier_before) continue;
      Plan without = plan;
      without.kernels[i].barrier_before = false;
      EXPECT_TRUE(kernel::verify(without) != "" || is_redundant(plan, i))
          << text << ": the barrier before kernel " << i << ", " << plan.kernels[i].name << "\n"
          << kernel::print(plan);
      ++barriers;
    }
  }
  EXPECT_GT(barriers, 20);
}

TEST(Plans, BuffersThatAreMovedOntoOthersAreFound) {
  Plan plan = make_plan(step_graph(programs()[1]));
  std::int64_t found = 0, moved = 0;
  for (kernel::Buffer& buffer : plan.buffers) {
    if (buffer.storage != kernel::Storage::kArena || buffer.offset == 0) continue;
    const std::int64_t offset = buffer.offset;
    buffer.offset = 0;
    ++moved;
    found += kernel::verify(plan).find("in the same memory") != std::string::npos;
    buffer.offset = offset;
  }
  EXPECT_GT(found, 0);
  EXPECT_GT(moved, 2);
  plan.arena_bytes = 64;
  EXPECT_NE(kernel::verify(plan).find("outside of its memory"), std::string::npos);
}

TEST(Plans, MemoryIsUsedAgain) {
  const Plan plan = make_plan(step_graph(programs()[4]));
  std::int64_t sum = 0;
  for (const kernel::Buffer& buffer : plan.buffers)
    sum += buffer.storage == kernel::Storage::kArena ? buffer.bytes : 0;
  EXPECT_LE(plan.arena_bytes, sum);
}

TEST(Plans, AWeightThatIsReadBothWaysHasACopyThatIsRewritten) {
  const Plan plan = make_plan(step_graph("dense 48 relu; dense 10 softmax"));
  std::vector<std::uint32_t> axes;
  for (const kernel::Buffer& buffer : plan.buffers) {
    if (buffer.leaf == "dense_2.weight") axes.push_back(buffer.layout.minor_axis);
    // The first layer passes nothing back.
    if (buffer.leaf == "dense_1.weight") {
      EXPECT_EQ(buffer.layout.minor_axis, 1u);
    }
  }
  std::ranges::sort(axes);
  EXPECT_EQ(axes, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(std::ranges::count_if(plan.kernels,
                                  [](const Kernel& kernel) {
                                    return std::holds_alternative<kernel::RelayoutKernel>(kernel.form);
                                  }),
            1);
}

TEST(Plans, VerifySeesWhatIsWrong) {
  const Plan plan = make_plan(step_graph(programs()[1]));
  auto fault = [&](auto change) {
    Plan broken = plan;
    change(broken);
    return kernel::verify(broken);
  };
  EXPECT_NE(fault([](Plan& p) { p.kernels.back().tiles = 1000; }).find("tiles"), std::string::npos);
  EXPECT_NE(fault([](Plan& p) { p.kernels.back().together = 3; }).find("stay together"), std::string::npos);
  EXPECT_NE(fault([](Plan& p) { p.check_before = p.kernels.size(); }).find("before the loss is tested"),
            std::string::npos);
  EXPECT_NE(fault([](Plan& p) { p.kernels.push_back(p.kernels.back()); }).find("two writers"),
            std::string::npos);
  EXPECT_NE(fault([](Plan& p) { p.kernels.erase(p.kernels.begin() + 1); }).find("before it is written"),
            std::string::npos);
  EXPECT_NE(fault([](Plan& p) { p.kernels[1].rows += 1; }).find("extents differ"), std::string::npos);
}

// 12 samples, and a cache that holds one of the images at most.
Plan plan_of_images(const std::string& layers) {
  const DataDescription data{
      .sample = {ShapeKind::kImage, {12, 12, 3}}, .classes = 10, .train = 1000, .test = 100};
  const std::string text = layers + "; dense 10 softmax\ntrain { optimizer adam; batch 12 }";
  RunSetting setting;
  setting.cache_bytes = 8192;
  return make_plan(training::build_training_step(type_program(text, data)->network), setting);
}

TEST(Plans, LargeImagesGoThroughTheCacheInParts) {
  const Plan plan = plan_of_images("conv 8 3x3 relu; pool max 2x2; conv 16 3x3 tanh");
  std::size_t longest = 0;
  for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
    const Kernel& first = plan.kernels[i];
    longest = std::max(longest, first.band);
    for (std::size_t k = 1; k < first.band; ++k) EXPECT_FALSE(plan.kernels[i + k].barrier_before);
    if (first.band > 1) {
      EXPECT_EQ(first.parts, 12);
    }
  }
  EXPECT_GE(longest, 3u) << kernel::print(plan);
  // The first convolution's result goes no further than the pooling.
  const auto image = std::ranges::find(plan.buffers, Extents{12, 10, 10, 8}, &kernel::Buffer::extents);
  ASSERT_NE(image, plan.buffers.end());
  EXPECT_EQ(image->parts, 12) << kernel::print(plan);
  EXPECT_LT(image->bytes, 4 * 10 * 10 * 8 + 128);
}

TEST(Plans, GradientsOfConvolutionsAreSumsOfParts) {
  const Plan plan = plan_of_images("conv 8 3x3 relu; pool max 2x2");
  const bool divided = std::ranges::any_of(
      plan.buffers, [](const kernel::Buffer& buffer) { return buffer.extents == Extents{12, 3, 3, 3, 8}; });
  EXPECT_TRUE(divided) << kernel::print(plan);
  EXPECT_TRUE(is_fused(plan_of_images("conv 64 7x7 relu"), "conv_1.weight")) << "the parts are too large";
}

TEST(Plans, VerifySeesBandsThatFallApart) {
  const Plan plan = plan_of_images("conv 8 3x3 relu; pool max 2x2");
  auto fault = [&](auto change) {
    Plan broken = plan;
    for (Kernel& kernel : broken.kernels) {
      if (kernel.parts > 1) change(kernel);
    }
    return kernel::verify(broken);
  };
  EXPECT_NE(fault([](Kernel& kernel) { kernel.tiles += 1; }).find("its tiles make no parts"),
            std::string::npos);
  EXPECT_NE(fault([](Kernel& kernel) { kernel.parts = 6; }).find("part by part"), std::string::npos);
  EXPECT_NE(fault([](Kernel& kernel) {
              for (kernel::Access& access : kernel.accesses) access.by_sample = false;
            }).find("part by part"),
            std::string::npos);
}

TEST(Plans, VerifySeesReadsAtPlacesThatAreNotThere) {
  const DataDescription data{
      .sample = {ShapeKind::kImage, {9, 9, 2}}, .classes = 3, .train = 1000, .test = 100};
  const std::string text =
      "conv 4 1x1 tanh; depthwise 3x3 stride=2 pad=1 tanh; pool avg 3x3 stride=2 pad=1; dense 3 softmax";
  const Plan plan = make_plan(training::build_training_step(type_program(text, data)->network));
  // Changes the first of what is found.
  auto expect_fault = [&](auto change, const std::string& wanted) {
    Plan broken = plan;
    EXPECT_TRUE(std::ranges::any_of(broken.kernels, [&](Kernel& kernel) { return change(kernel.body); }));
    const std::string fault = kernel::verify(broken);
    EXPECT_NE(fault.find(wanted), std::string::npos) << fault;
  };
  auto operand = [](auto change) {
    return [change](kernel::Body& body) {
      auto found = std::ranges::find(body.operands, kernel::Operand::Kind::kAt, &kernel::Operand::kind);
      if (found == body.operands.end()) return false;
      change(*found);
      return true;
    };
  };
  auto window = [](auto change) {
    return [change](kernel::Body& body) {
      for (kernel::Statement& statement : body.statements) {
        if (!statement.window || statement.window->divisions.empty() || statement.window->inside.empty())
          continue;
        change(*statement.window);
        return true;
      }
      return false;
    };
  };
  using kernel::Operand;
  using kernel::Window;
  expect_fault(operand([](Operand& o) { o.extents.back() += 1; }), "as a tensor of");
  expect_fault(operand([](Operand& o) { o.index.pop_back(); }), "reads at 3 of 4 axes");
  expect_fault(operand([](Operand& o) { o.index[0].terms = {{20, 1}}; }), "reads at axis 20 of");
  expect_fault(window([](Window& w) { w.inside[0].index.terms = {{20, 1}}; }), "reads at axis 20 of");
  expect_fault(window([](Window& w) { w.divisions.pop_back(); }), "reads at axis");
  // A division is known after those before it.
  expect_fault(window([](Window& w) { w.divisions[0].dividend.terms = {{7, 1}}; }), "reads at axis 7 of");
}

TEST(OptimizerPlans, UpdatesAreFusedAndGradientsNeverStored) {
  const Plan plan = make_plan(step_graph("dense 48 relu; dense 10 softmax\ntrain { optimizer adam }"));
  EXPECT_TRUE(is_fused(plan, "dense_1.weight"));
  EXPECT_TRUE(is_fused(plan, "dense_2.weight"));
  EXPECT_TRUE(is_fused(plan, "dense_2.weight.m"));
  EXPECT_EQ(stored(plan, {20, 48}), 0);
  EXPECT_EQ(stored(plan, {48, 10}), 0);
}

TEST(OptimizerPlans, ClippingByNormStoresGradients) {
  const Plan plan =
      make_plan(step_graph("dense 48 relu; dense 10 softmax\ntrain { optimizer adam; clip norm=1 }"));
  EXPECT_FALSE(is_fused(plan, "dense_1.weight"));
  EXPECT_GE(stored(plan, {20, 48}), 1);
  EXPECT_GE(stored(plan, {48, 10}), 1);
}

// a * b in [m, n] with the contracted axis first in both: a [k, m], b [k, n].
ValueId outer(Builder& builder, ValueId a, ValueId b) {
  const Extents x = builder.type(a).extents, y = builder.type(b).extents;
  graph::Contract contract{{x[1], y[1], x[0]},
                           graph::axes_map(std::array{2u, 0u}),
                           graph::axes_map(std::array{2u, 1u}),
                           graph::axes_map(std::array{0u, 1u})};
  return builder.contract(a, b, contract, {x[1], y[1]});
}

// x as a kernel's result: contractions read no parameter one element at a time.
ValueId copied(Builder& builder, const std::string& name, Extents extents) {
  ScalarExpr expr;
  expr.root = expr.pool.binary(ScalarOp::kMultiply, expr.pool.operand(0), expr.pool.constant(0.5));
  return builder.map(expr, {builder.parameter(name, std::move(extents), {})});
}

TEST(OptimizerPlans, AWeightUsedTwiceSumsItsGradients) {
  Graph graph;
  Builder builder(graph);
  const ValueId x = copied(builder, "x", {13, 21}), z = copied(builder, "z", {13, 21});
  const ValueId w = builder.parameter("w", {21, 18}, {});
  const ValueId a = builder.matmul(x, w), b = builder.matmul(z, w);
  const ValueId gradient = builder.binary(ScalarOp::kAdd, outer(builder, x, a), outer(builder, z, b));
  graph.updates.push_back({w, builder.binary(ScalarOp::kSubtract, w, gradient)});
  graph.outputs = {{"a", a}, {"b", b}};
  const Plan plan = make_plan(graph);
  // One of the two products is stored; the other's kernel adds it and updates.
  EXPECT_EQ(stored(plan, {21, 18}), 1);
  EXPECT_TRUE(is_fused(plan, "w"));
  expect_numbers(graph, 1);
}

TEST(OptimizerPlans, AnUpdateWaitsForOtherReadersOfTheOldValue) {
  Graph graph;
  Builder builder(graph);
  const ValueId x = copied(builder, "x", {9, 21}), d = copied(builder, "d", {9, 18});
  const ValueId w = builder.parameter("w", {21, 18}, {});
  const ValueId gradient = outer(builder, x, d);
  // This reads the gradient, so it comes after its kernel, and the old weight, so it comes before the update.
  const ValueId rows = builder.reduce_axes(graph::ReduceKind::kSum,
                                           builder.binary(ScalarOp::kMultiply, w, gradient), std::array{1u});
  ScalarExpr expr;
  expr.root = expr.pool.binary(ScalarOp::kMultiply, expr.pool.operand(0), expr.pool.operand(1));
  const ValueId weighted =
      builder.map(expr, {21, 18}, {w, rows}, {graph::identity_map(2), graph::axes_map(std::array{0u})});
  graph.outputs = {{"y", builder.matmul(x, w)}, {"rows", rows}, {"weighted", weighted}};
  graph.updates.push_back({w, builder.binary(ScalarOp::kSubtract, w, gradient)});
  const Plan plan = make_plan(graph);
  EXPECT_FALSE(is_fused(plan, "w"));
  EXPECT_GE(stored(plan, {21, 18}), 2);
  expect_numbers(graph, 2);
}

// The kernel goes over each row twice, and the second time still reads the old values.
TEST(OptimizerPlans, RowsThatAreReducedAndUpdatedReadOldValues) {
  Graph graph;
  Builder builder(graph);
  const ValueId g = copied(builder, "x", {11, 37});
  const ValueId w = builder.state("w", {11, 37}, 0), v = builder.state("v", {11, 37}, 0);
  const ValueId next_w = builder.binary(ScalarOp::kMultiply, g, g);
  const ValueId sum =
      builder.reduce_axes(graph::ReduceKind::kSum, builder.binary(ScalarOp::kMultiply, w, g), std::array{1u});
  ScalarExpr expr;
  expr.root = expr.pool.binary(
      ScalarOp::kAdd, expr.pool.binary(ScalarOp::kMultiply, expr.pool.operand(0), expr.pool.operand(1)),
      expr.pool.operand(2));
  const ValueId next_v =
      builder.map(expr, {11, 37}, {w, sum, v},
                  {graph::identity_map(2), graph::axes_map(std::array{0u}), graph::identity_map(2)});
  graph.outputs = {{"g", g}};
  graph.updates = {{w, next_w}, {v, next_v}};
  expect_numbers(graph, 3);
}

TEST(OptimizerPlans, StatesThatTradeTheirValues) {
  Graph graph;
  Builder builder(graph);
  const ValueId a = builder.state("a", {5, 19}, 0), b = builder.state("b", {5, 19}, 0);
  const ValueId g = copied(builder, "x", {5, 19});
  graph.updates = {{a, builder.binary(ScalarOp::kAdd, b, g)}, {b, builder.binary(ScalarOp::kSubtract, a, g)}};
  graph.outputs = {{"g", g}};
  expect_numbers(graph, 4);
  Graph alone;
  Builder other(alone);
  const ValueId c = other.state("c", {70}, 0), d = other.state("d", {70}, 0);
  auto twice = [&](ValueId value) { return other.binary(ScalarOp::kAdd, value, value); };
  alone.updates = {{c, twice(d)}, {d, twice(c)}};
  alone.outputs = {{"product", other.binary(ScalarOp::kMultiply, c, d)}};
  expect_numbers(alone, 5);
}

}  // namespace
}  // namespace netc::testing

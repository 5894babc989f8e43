// Schedules change when and where work is done, never a bit of what comes out.

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/training/step.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Graph;
using training::ReferenceLeaves;

Graph image_step(const std::string& text, std::int64_t inputs) {
  const DataDescription data{
      .sample = {ShapeKind::kImage, {inputs, 1, 1}}, .classes = 10, .train = 1000, .test = 100};
  return training::build_training_step(type_program(text, data)->network);
}

// `density`: the share of bytes of samples that are not zero.
ReferenceLeaves leaves_of(const Graph& graph, double density, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> real(-1, 1), unit(0, 1);
  ReferenceLeaves leaves;
  for (const graph::Node& node : graph.nodes) {
    if (node.name.empty()) continue;
    const graph::DType dtype = node.type.dtype;
    leaves[node.name] = make_tensor(node.type.extents, [&]() -> double {
      if (dtype == graph::DType::kU8) return unit(random) < density ? 1 + random() % 255 : 0;
      return dtype == graph::DType::kF32 ? real(random) : random() % 5 + 1;
    });
  }
  return leaves;
}

const std::vector<std::pair<std::string, std::int64_t>>& programs() {
  static const std::vector<std::pair<std::string, std::int64_t>> all{
      {"dense 128 relu; dense 10 softmax\ntrain { batch 32 }", 784},
      {"dense 20 relu; dense 10 softmax\ntrain { batch 64 }", 100},
      {"dense 70 gelu; dense 10 softmax\ntrain { batch 33; optimizer rmsprop }", 37},
      {"dense 300 tanh; dense 10 softmax\ntrain { batch 16; optimizer sgd momentum=0.9 }", 129},
      {"dense 64 relu; dense 10 softmax\ntrain { batch 1 }", 784},
      {"dense 17 mish; dense 10 softmax\ntrain { batch 3 }", 20}};
  return all;
}

bool has_nonzeros(const kernel::Plan& plan) {
  return std::ranges::any_of(plan.kernels, [](const kernel::Kernel& kernel) {
    const auto* form = std::get_if<kernel::ContractKernel>(&kernel.form);
    return form && form->nonzeros;
  });
}

TEST(Schedules, ZerosArePassedOverWithTheSameBits) {
  for (const char* cpu : {"", "x86-64-v3", "x86-64"}) {
    if (!codegen::find_target(cpu) || !codegen::runs_here(*codegen::find_target(cpu))) continue;
    for (const auto& [text, inputs] : programs()) {
      const Graph graph = image_step(text, inputs);
      const CompiledGraph dense(graph, {1, cpu, 0, {{"", "nonzeros", 0}}});
      const CompiledGraph sparse(graph, {1, cpu, 0, {{"", "nonzeros", 100}}});
      EXPECT_FALSE(has_nonzeros(dense.plan()));
      EXPECT_TRUE(has_nonzeros(sparse.plan())) << text;
      for (double density : {0.0, 0.1, 1.0}) {
        const ReferenceLeaves leaves = leaves_of(graph, density, 5);
        const RunResult expected = dense.run(leaves);
        for (int threads : {1, 3})
          EXPECT_TRUE(same_bits(expected, sparse.run(leaves, threads)))
              << cpu << " " << text << " " << density;
      }
    }
  }
}

TEST(Schedules, WhetherZerosArePassedOverFollowsTheirNumber) {
  const Graph graph = image_step(programs()[0].first, programs()[0].second);
  const kernel::Plan plan = make_plan(graph, {1, "x86-64", 0, {{"", "nonzeros", 25}}});
  for (const kernel::Kernel& kernel : plan.kernels) {
    const auto* form = std::get_if<kernel::ContractKernel>(&kernel.form);
    if (!form || !form->nonzeros) continue;
    EXPECT_EQ(form->nonzeros->most, 32 * 784 / 4) << kernel.name;
  }
}

const kernel::Kernel& named(const kernel::Plan& plan, const std::string& name) {
  return *std::ranges::find(plan.kernels, name, &kernel::Kernel::name);
}

TEST(Schedules, ThreadsConvertForThemselvesWhatAllOfThemRead) {
  for (const char* cpu : {"x86-64-v4", "x86-64-v3"}) {
    const kernel::Plan wide = make_plan(image_step(programs()[0].first, 784), {1, cpu, 0, {}});
    EXPECT_TRUE(named(wide, "samples").replicated);
    EXPECT_TRUE(named(wide, "nonzero columns").replicated);
    // Each thread reads its own rows alone.
    const kernel::Plan narrow = make_plan(image_step("dense 10 softmax", 784), {1, cpu, 0, {}});
    EXPECT_FALSE(named(narrow, "samples").replicated);
  }
}

TEST(Schedules, NeighboursAreSharedOutAlike) {
  for (const char* cpu : {"x86-64-v4", "x86-64-v3"}) {
    const kernel::Plan plan = make_plan(image_step(programs()[0].first, 784), {1, cpu, 0, {}});
    EXPECT_EQ(named(plan, "dense_2.weight.forward").shares(), named(plan, "loss").shares());
    for (const char* name : {"dense_2.weight.backward", "dense_1.bias.update", "dense_1.weight.update"})
      EXPECT_EQ(named(plan, name).shares(), named(plan, "dense_1.weight.forward").shares()) << name;
    EXPECT_EQ(std::ranges::count(plan.kernels, true, &kernel::Kernel::barrier_before), 3)
        << kernel::print(plan);
  }
}

// 2041 k are 127 blocks of 16 and nine more.
TEST(Schedules, DotProductsInPartsHaveTheSameBits) {
  const Graph graph = image_step("dense 10 softmax\ntrain { batch 13 }", 2041);
  const ReferenceLeaves leaves = leaves_of(graph, 0.5, 7);
  auto blocks_at_once = [](const kernel::Plan& plan) {
    return std::get<kernel::ContractKernel>(named(plan, "dense_1.weight.forward").form).dots->blocks_at_once;
  };
  for (const char* cpu : {"x86-64-v4", "x86-64-v3"}) {
    if (!codegen::runs_here(*codegen::find_target(cpu))) continue;
    const CompiledGraph whole(graph, {1, cpu, 0, {{"", "k_block", 0}}});
    EXPECT_EQ(blocks_at_once(whole.plan()), 128) << cpu;
    const RunResult expected = whole.run(leaves);
    for (std::int64_t part : {16, 100, 1000}) {
      const CompiledGraph parts(graph, {1, cpu, 0, {{"", "k_block", part}}});
      EXPECT_EQ(blocks_at_once(parts.plan()), (part + 15) / 16) << cpu;
      for (int threads : {1, 2})
        EXPECT_TRUE(same_bits(expected, parts.run(leaves, threads))) << cpu << " " << part;
    }
  }
}

TEST(Schedules, NoWishChangesABit) {
  const std::vector<kernel::ScheduleOverrides> wishes{
      {{"", "row_group", 1}},
      {{"", "row_tile", 1}},
      {{"", "row_tile", 3}, {"", "block_tile", 3}, {"", "unroll", 7}},
      {{"", "block_tile", 8}, {"", "row_group", 2}},
      {{"dense_1", "row_tile", 5}, {"", "unroll", 1}},
      {{"", "defers", 0}}};
  for (const auto& [text, inputs] : programs()) {
    if (inputs > 200) continue;
    const Graph graph = image_step(text, inputs);
    const ReferenceLeaves leaves = leaves_of(graph, 0.5, 6);
    const RunResult expected = CompiledGraph(graph).run(leaves);
    const auto reference = training::run_reference(graph, leaves);
    for (const auto& [name, tensor] : reference.next)
      EXPECT_LE(norm_error(expected.leaves.at(name), tensor.values), 1e-5) << name;
    for (const kernel::ScheduleOverrides& wish : wishes) {
      const CompiledGraph compiled(graph, {1, "", 0, wish});
      EXPECT_TRUE(same_bits(expected, compiled.run(leaves))) << text << " " << wish[0].key;
      EXPECT_TRUE(same_bits(expected, compiled.run(leaves, 3))) << text << " " << wish[0].key;
    }
  }
}

}  // namespace
}  // namespace netc::testing

// Whole training steps of random small networks: compiled code against the reference, and the same bits for
// every number of threads and processor.

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/training/step.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using graph::Graph;
using training::ReferenceLeaves;

// A network of 0 to 3 hidden layers and everything that a step may have.
class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed) : random_(seed) {
    const std::int64_t layers = pick(0, 3);
    for (std::int64_t i = 0; i < layers; ++i) {
      text += fmt::format("dense {}{}\n", pick(1, 70), activation());
      if (pick(0, 3) == 0) text += fmt::format("dropout {}%\n", pick(1, 6) * 10);
    }
    data.sample = {ShapeKind::kVector, {pick(1, 70)}};
    end();
    batch = pick(1, 40);
    text += fmt::format("train {{ {}optimizer {}; batch {}{} }}\n", loss_, optimizer(), batch,
                        pick(0, 3) == 0 ? "; clip norm=0.5" : "");
    data.bytes = pick(0, 1) == 0;
    if (pick(0, 3) == 0) text += "data mnist normalize=standard\n";
  }

  // Inputs and leaves for a step of `graph`.
  ReferenceLeaves leaves(const Graph& graph) {
    ReferenceLeaves leaves;
    for (const graph::Node& node : graph.nodes) {
      if (node.name.empty()) continue;
      leaves[node.name] = make_tensor(node.type.extents, [&] { return value(node); });
    }
    // Short batches are as usual as whole ones here.
    leaves["count"].values[0] = pick(0, 1) ? batch : pick(1, batch);
    leaves["step"].values[0] = pick(1, 60);
    leaves["epoch"].values[0] = pick(0, 5);
    leaves["total_steps"].values[0] = 100;
    return leaves;
  }

  std::string text;
  DataDescription data{.sample = {}, .classes = 0, .train = 1000, .test = 100};
  std::int64_t batch = 1;

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  double draw(double low, double high) {
    return static_cast<float>(std::uniform_real_distribution<double>(low, high)(random_));
  }

  std::string activation() {
    static const std::vector<std::string> names{
        "",     "relu",  "tanh",     "sigmoid", "gelu",  "prelu",
        "mish", "snake", "softplus", "swish",   "selu",  "leaky_relu(0.1)",
        "elu",  "sine",  "softsign", "linear",  "relu6", "gelu_tanh"};
    const std::string& name = names[pick(0, static_cast<std::int64_t>(names.size()) - 1)];
    return name.empty() ? "" : " " + name;
  }

  void end() {
    switch (pick(0, 3)) {
      case 0:
        data.classes = 2;
        text += "dense 1 sigmoid\n";
        return;
      case 1:
        data.targets = pick(1, 3);
        text += fmt::format("dense {}\n", data.targets);
        return;
      default:
        data.classes = pick(2, 40);
        text += fmt::format("dense {} softmax\n", data.classes);
        if (pick(0, 3) == 0) loss_ = "loss huber; ";
    }
  }

  std::string optimizer() {
    static const std::vector<std::string> all{"sgd lr=0.1",
                                              "sgd lr=(0.1 * 0.9^epoch) momentum=0.9",
                                              "sgd lr=0.05 momentum=0.9 nesterov",
                                              "adam lr=0.01",
                                              "adamw lr=(0.01 * (1 - progress)) decay=0.1",
                                              "rmsprop lr=0.001",
                                              "rmsprop lr=0.001 momentum=0.9 centered"};
    return all[pick(0, static_cast<std::int64_t>(all.size()) - 1)];
  }

  double value(const graph::Node& node) {
    if (node.name == "samples" && !data.bytes) return pick(0, 2) == 0 ? 0 : draw(-2, 2);
    if (node.name == "samples") return static_cast<double>(pick(0, 1) ? pick(0, 255) : 0);
    if (node.name == "labels" && data.classes == 0) return draw(-3, 3);
    if (node.name == "labels")
      return static_cast<double>(pick(0, std::max<std::int64_t>(data.classes, 4) - 1));
    if (const auto* parameter = std::get_if<graph::Parameter>(&node.op)) {
      const double size = parameter->initializer.value;
      return parameter->initializer.kind == graph::Initializer::Kind::kUniform ? draw(-size, size)
                                                                               : size + draw(-0.3, 0.3);
    }
    // rmsprop's mean of gradients is small beside that of their squares.
    return node.name.ends_with(".a") ? draw(-0.01, 0.01) : draw(0.002, 0.02);
  }

  std::mt19937 random_;
  std::string loss_;
};

// The change of each leaf, too, which the leaf itself could hide.
void expect_reference(const Graph& graph, const ReferenceLeaves& leaves, const RunResult& run,
                      std::uint64_t seed) {
  const auto reference = training::run_reference(graph, leaves, seed);
  EXPECT_TRUE(run.updated);
  EXPECT_LE(norm_error(run.outputs.at("loss_sum"), reference.outputs.at("loss_sum").values), 1e-4);
  if (reference.outputs.contains("correct")) {
    EXPECT_EQ(run.outputs.at("correct")[0], reference.outputs.at("correct").values[0]);
  }
  for (const auto& [name, next] : reference.next) {
    SCOPED_TRACE(name);
    EXPECT_LE(norm_error(run.leaves.at(name), next.values), 1e-4);
    std::vector<float> change = run.leaves.at(name);
    std::vector<double> wanted = next.values;
    const std::vector<double>& before = leaves.at(name).values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      change[i] = static_cast<float>(change[i] - before[i]);
      wanted[i] -= before[i];
    }
    EXPECT_LE(norm_error(change, wanted), 2e-2);
  }
}

bool has_avx2() { return codegen::runs_here(*codegen::find_target("x86-64-v3")); }

constexpr unsigned kCases = 16;

class RandomStep : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomStep, IsTheReferencesAndTheSameOnEveryNumberOfThreads) {
  RandomProgram program(GetParam());
  SCOPED_TRACE(fmt::format("seed {}: {}input {}, batch {}", GetParam(), program.text,
                           program.data.sample.extents[0], program.batch));
  auto typed = type_program(program.text, program.data);
  const Graph graph = training::build_training_step(typed->network);
  const ReferenceLeaves leaves = program.leaves(graph);
  const RunSetting setting{1, "", GetParam() + 7};
  const CompiledGraph compiled(graph, setting);
  const RunResult one = compiled.run(leaves);
  expect_reference(graph, leaves, one, setting.seed);
  for (int threads = 2; threads <= 4; ++threads) {
    RunSetting more = setting;
    more.threads = threads;
    // The plan may depend on the number of threads, the numbers may not.
    const bool same_plan = kernel::print(make_plan(graph, more)) == kernel::print(compiled.plan());
    const RunResult run = same_plan ? compiled.run(leaves, threads) : run_compiled(graph, leaves, more);
    EXPECT_TRUE(same_bits(one, run)) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomStep, ::testing::Range(1u, kCases + 1));

TEST(Inference, IsTheReferencesAndTheSameOnEveryNumberOfThreads) {
  for (unsigned seed = 201; seed < 207; ++seed) {
    RandomProgram program(seed);
    SCOPED_TRACE(fmt::format("seed {}: {}batch {}", seed, program.text, program.batch));
    auto typed = type_program(program.text, program.data);
    const Graph graph = training::build_inference(typed->network, program.batch);
    const ReferenceLeaves leaves = program.leaves(graph);
    const auto reference = training::run_reference(graph, leaves);
    const CompiledGraph compiled(graph);
    const RunResult run = compiled.run(leaves);
    for (const auto& [name, tensor] : reference.outputs)
      EXPECT_LE(norm_error(run.outputs.at(name), tensor.values), 1e-5) << name;
    for (int threads : {2, 3, 4}) EXPECT_TRUE(same_bits(run, compiled.run(leaves, threads))) << threads;
  }
}

// Fused multiply-add is chosen in the code, not by the processor: AVX2 and AVX-512 give the same bits. A
// processor without it rounds products, so it is right, but not equal.
TEST(Processors, Avx2GivesTheSameBitsAndPlainX86IsRight) {
  if (!has_avx2()) GTEST_SKIP() << "no AVX2 here";
  for (unsigned seed = 101; seed < 105; ++seed) {
    RandomProgram program(seed);
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, program.text));
    auto typed = type_program(program.text, program.data);
    const Graph graph = training::build_training_step(typed->network);
    const ReferenceLeaves leaves = program.leaves(graph);
    const RunResult here = run_compiled(graph, leaves, {1, "", seed});
    const RunResult avx2 = run_compiled(graph, leaves, {2, "x86-64-v3", seed});
    expect_reference(graph, leaves, avx2, seed);
    EXPECT_TRUE(same_bits(here, avx2));
    if (seed % 3 == 0)
      expect_reference(graph, leaves, run_compiled(graph, leaves, {2, "x86-64", seed}), seed);
  }
}

// What people may write though it makes little sense, and shapes at the edge.
TEST(OddPrograms, GiveTheReferencesNumbers) {
  const std::vector<std::string> programs{
      "activation step01(x) = if x > 0 then 1 else 0\ndense 8 step01; dense 5 softmax\ntrain { optimizer "
      "adam }",
      "activation one(x) = 1\ndense 16 one; dense 5 softmax",
      "loss nothing(y, t) = 0 * t\ndense 5 softmax\ntrain { loss nothing; optimizer sgd }",
      "loss constant(y, t) = 5\ndense 5 softmax\ntrain { loss constant; optimizer sgd }",
      "loss signed_error(y, t) = y - 2 * t\ndense 5 softmax\ntrain { loss signed_error; optimizer sgd lr=0.1 "
      "}",
      "optimizer swaps(lr=0.1) { state a = 0; state b = 1; t = a; a = b; b = t; w = w - lr * g * a }\n"
      "dense 20 relu; dense 5 softmax\ntrain { optimizer swaps }",
      "optimizer stays(lr=0.1) { state a = 0; state b = 1; a = 0; b = g; w = w }\n"
      "dense 5 softmax\ntrain { optimizer stays }",
      "optimizer lags(lr=0.1) { state p = 0; w = w - lr * (2 * g - p); p = g }\n"
      "dense 20 tanh; dense 5 softmax\ntrain { optimizer lags }",
      "activation f(x) = x * sigmoid(x) + 0.1 * x\nactivation deep(x) = f(f(f(f(f(f(f(f(x))))))))\n"
      "dense 16 deep; dense 5 softmax\ntrain { optimizer sgd lr=0.01 }",
      "dense 5 softmax\ntrain { batch 1; optimizer adam }",
      "dense 1 relu; dense 5 softmax\ntrain { batch 3; optimizer adam; clip norm=0.01 }",
      "dense 1000 relu; dense 5 softmax\ntrain { batch 2; optimizer sgd lr=0.1 }",
      "relu; softplus; dense 5; softmax\ntrain { batch 9; optimizer sgd lr=0.1 }"};
  const DataDescription data{.sample = {ShapeKind::kVector, {12}}, .classes = 5, .train = 100, .test = 10};
  for (const std::string& text : programs) {
    SCOPED_TRACE(text);
    auto typed = type_program(text, data);
    const Graph graph = training::build_training_step(typed->network);
    ReferenceLeaves leaves = RandomProgram(1).leaves(graph);
    for (double& label : leaves["labels"].values) label = static_cast<int>(label) % 5;
    leaves["count"].values[0] =
        static_cast<double>(std::max<std::int64_t>(1, typed->network.train.batch - 1));
    const CompiledGraph compiled(graph, {1, "", 0});
    const RunResult run = compiled.run(leaves);
    expect_reference(graph, leaves, run, 0);
    EXPECT_TRUE(same_bits(run, compiled.run(leaves, 3)));
  }
}

}  // namespace
}  // namespace netc::testing

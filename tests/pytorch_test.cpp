// Against values recorded from PyTorch by tests/reference/record.py.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/graph/build.h"
#include "compiler/training/optimizer.h"
#include "compiler/training/step.h"
#include "runtime/dataset.h"
#include "runtime/run_folder.h"
#include "tests/plan_runner.h"
#include "tests/registry_subjects.h"

namespace netc::testing {
namespace {

using graph::ScalarExpr;
using nlohmann::json;
using training::ReferenceLeaves;

const std::filesystem::path kRoot = NETC_SOURCE_DIR;

json recording(const std::string& name) {
  std::ifstream in(kRoot / "tests" / "reference" / (name + ".json"));
  json parsed = json::parse(in, nullptr, false);
  EXPECT_TRUE(parsed.is_object()) << name;
  return parsed;
}

double number(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "inf" ? infinity : text == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> numbers(const json& list) {
  std::vector<double> result;
  for (const json& value : list) result.push_back(number(value));
  return result;
}

RegistryCalls::Numbers arguments(const json& run) { return run.at("args").get<RegistryCalls::Numbers>(); }

bool near(double got, double wanted, double tolerance) {
  if (std::isnan(wanted)) return std::isnan(got);
  return got == wanted || std::abs(got - wanted) <= tolerance * (1 + std::abs(wanted));
}

// Where PyTorch 1.13's values are another convention, so that there is nothing to compare.
bool is_convention(const std::string& name, const std::string& what, double x) {
  // A derivative at infinity or NaN is whatever the formula in use gives: 0 * infinity, or a constant.
  if (what != "y" && !std::isfinite(x)) return true;
  // max(min(NaN, 0.5), -0.5) lets NaN through; torch's softshrink compares and gives 0.
  if (name == "soft_shrink" && std::isnan(x)) return true;
  // PyTorch 1.13 gives the slope of the line at 3; later versions that of the parabola, as here.
  if (name == "hard_swish" && what == "dy" && x == 3) return true;
  // x * relu6(x + 3) / 6 is -infinity * 0; here the branch below -3 is 0.
  if (name == "hard_swish" && what == "y" && std::isinf(x) && x < 0) return true;
  return false;
}

TEST(PyTorch, ActivationsAndTheirDerivatives) {
  RegistryCalls calls;
  const json file = recording("activations");
  const std::vector<double> points = numbers(file.at("x"));
  for (const json& run : file.at("runs")) {
    const auto name = run.at("name").get<std::string>();
    RegistryCalls::Numbers given = arguments(run);
    // A learned parameter is an operand and no argument.
    const std::vector<double> learned = name == "prelu" ? std::vector{given.at("a")} : std::vector<double>{};
    if (!learned.empty()) given.clear();
    const Subject subject = calls.activation(name, given);
    auto compare = [&](const std::string& what, const ScalarExpr& expr) {
      const std::vector<double> wanted = numbers(run.at(what));
      // PyTorch keeps the 1/6 of this derivative as a float.
      const double tolerance = name == "hard_sigmoid" && what == "dy" ? 1e-8 : 1e-12;
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (is_convention(name, what, points[i])) continue;
        std::vector<double> operands{points[i]};
        operands.insert(operands.end(), learned.begin(), learned.end());
        EXPECT_TRUE(near(graph::evaluate(expr, operands), wanted[i], tolerance))
            << name << " " << run.at("args").dump() << " " << what << " at " << points[i] << ": "
            << graph::evaluate(expr, operands) << " instead of " << wanted[i];
      }
    };
    compare("y", subject.expr);
    compare("dy", graph::differentiate(subject.expr, 0));
    if (!learned.empty()) compare("d_a", graph::differentiate(subject.expr, 1));
  }
}

TEST(PyTorch, LossesAndTheirDerivatives) {
  RegistryCalls calls;
  const json recorded = recording("losses");
  for (const json& run : recorded.at("runs")) {
    const auto name = run.at("name").get<std::string>();
    const Subject subject = calls.loss(name, arguments(run));
    const ScalarExpr derivative = graph::differentiate(subject.expr, 0);
    const auto y = numbers(run.at("y")), t = numbers(run.at("t"));
    const auto loss = numbers(run.at("loss")), dy = numbers(run.at("dy"));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::vector<double> at{y[i], t[i]};
      EXPECT_TRUE(near(graph::evaluate(subject.expr, at), loss[i], 1e-12))
          << name << " at " << y[i] << ", " << t[i] << ": " << graph::evaluate(subject.expr, at)
          << " instead of " << loss[i];
      // At hinge's kink the tie goes to max's first operand, the constant; clamp_min in PyTorch takes the
      // other.
      if (name == "hinge" && loss[i] == 0 && std::abs((2 * t[i] - 1) * y[i]) == 1) continue;
      EXPECT_TRUE(near(graph::evaluate(derivative, at), dy[i], 1e-12))
          << "derivative of " << name << " at " << y[i] << ", " << t[i] << ": "
          << graph::evaluate(derivative, at) << " instead of " << dy[i];
    }
  }
}

// A tensor that an optimizer updates, with its state.
class Updated {
 public:
  Updated(const OptimizerRule& rule, std::vector<double> start) : rule_(rule), w_(std::move(start)) {
    for (const OptimizerRule::State& state : rule.states) states_.emplace_back(w_.size(), state.initial);
  }

  void step(double number, const std::vector<double>& g) {
    std::vector<std::vector<double>> operands;
    for (std::size_t i = 0; i < w_.size(); ++i) {
      operands.push_back({w_[i], g[i]});
      for (const std::vector<double>& state : states_) operands[i].push_back(state[i]);
      operands[i].insert(operands[i].end(), {number, 0, 0, 1});
    }
    for (const ScalarExpr& norm : rule_.norms) {
      double squares = 0;
      for (const auto& element : operands) squares += std::pow(graph::evaluate(norm, element), 2);
      for (auto& element : operands) element.push_back(std::sqrt(squares));
    }
    for (std::size_t i = 0; i < w_.size(); ++i) {
      w_[i] = graph::evaluate(rule_.next_w, operands[i]);
      for (std::size_t s = 0; s < states_.size(); ++s)
        states_[s][i] = graph::evaluate(rule_.next_states[s], operands[i]);
    }
  }
  double operator[](std::size_t i) const { return w_[i]; }

 private:
  const OptimizerRule& rule_;
  std::vector<double> w_;
  std::vector<std::vector<double>> states_;
};

TEST(PyTorch, OptimizersInDouble) {
  RegistryCalls calls;
  const json file = recording("optimizers");
  const std::vector<double> start = numbers(file.at("start"));
  for (const json& run : file.at("runs")) {
    const OptimizerRule rule = calls.optimizer(run.at("name"), arguments(run));
    Updated tensor(rule, start);
    for (std::size_t step = 0; step < run.at("after").size(); ++step) {
      tensor.step(static_cast<double>(step + 1), numbers(file.at("gradients")[step]));
      for (std::size_t i = 0; i < start.size(); ++i)
        EXPECT_TRUE(near(tensor[i], number(run.at("after")[step][i]), 1e-12))
            << run.at("name") << run.at("args").dump() << " step " << step + 1 << " parameter " << i;
    }
  }
}

// The update as a network has it: the gradient is a state of the graph, given anew before each step.
graph::Graph update_graph(const OptimizerRule& rule, std::int64_t count) {
  graph::Graph graph;
  graph::Builder builder(graph);
  for (const char* name : {"step", "epoch", "total_steps"}) builder.input(name, {graph::DType::kI32, {}});
  const graph::ValueId w = builder.parameter("w", {count}, {});
  const graph::ValueId g = builder.state("g", {count}, 0);
  TrainSettings settings;
  settings.optimizer = settings.optimizer_no_decay = rule;
  training::add_updates(graph, settings, {{.parameter = w, .gradient = g, .penalty = {}}});
  return graph;
}

TEST(PyTorch, OptimizersAsCompiledCode) {
  RegistryCalls calls;
  const json file = recording("optimizers");
  const std::vector<double> start = numbers(file.at("start"));
  const auto count = static_cast<std::int64_t>(start.size());
  for (const json& run : file.at("runs")) {
    const OptimizerRule rule = calls.optimizer(run.at("name"), arguments(run));
    const CompiledGraph compiled(update_graph(rule, count));
    ReferenceLeaves leaves{{"w", {{count}, start}}, {"g", {{count}, {}}}};
    leaves["epoch"] = {{}, {0}};
    leaves["total_steps"] = {{}, {20}};
    for (const auto& state : rule.states)
      leaves["w." + state.name] = make_tensor({count}, [&] { return state.initial; });
    for (std::size_t step = 0; step < run.at("after").size(); ++step) {
      leaves["g"].values = numbers(file.at("gradients")[step]);
      leaves["step"] = {{}, {static_cast<double>(step + 1)}};
      for (const auto& [name, values] : compiled.run(leaves).leaves)
        leaves[name].values.assign(values.begin(), values.end());
      const std::vector<double> wanted = numbers(run.at("after")[step]);
      for (std::size_t i = 0; i < wanted.size(); ++i)
        EXPECT_TRUE(near(leaves["w"].values[i], wanted[i], 1e-5))
            << run.at("name") << run.at("args").dump() << " step " << step + 1 << " parameter " << i << ": "
            << leaves["w"].values[i] << " instead of " << wanted[i];
    }
  }
}

runtime::SampleSet mnist_training() {
  runtime::DataRequest request;
  request.kind = "mnist";
  request.search = {(kRoot / "examples" / "data" / "mnist").string()};
  auto data = runtime::load_dataset(request, 2);
  EXPECT_TRUE(data) << "MNIST is not in examples/data/mnist";
  return data ? std::move(data->train) : runtime::SampleSet{};
}

class Recorded {
 public:
  explicit Recorded(const std::string& name) {
    auto loaded =
        runtime::load_safetensors((kRoot / "tests" / "reference" / (name + ".safetensors")).string());
    EXPECT_TRUE(loaded) << name;
    if (!loaded) return;
    metadata = loaded->metadata;
    for (auto& tensor : loaded->tensors) tensors[tensor.name] = std::move(tensor);
  }
  std::vector<double> values(const std::string& name) const {
    const auto& tensor = tensors.at(name);
    return {tensor.values.begin(), tensor.values.end()};
  }
  bool has(const std::string& name) const { return tensors.contains(name); }
  // As recorded, but for the leading axes.
  std::vector<std::int64_t> extents(const std::string& name, std::size_t from) const {
    const auto& all = tensors.at(name).extents;
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.end()};
  }
  std::map<std::string, std::string> metadata;
  std::map<std::string, runtime::NamedTensor> tensors;
};

// Recorded weights and statistics, and other state where it starts.
ReferenceLeaves starting_leaves(const graph::Graph& graph, const Recorded& recorded) {
  ReferenceLeaves leaves;
  for (const graph::Node& node : graph.nodes) {
    if (std::holds_alternative<graph::Parameter>(node.op))
      leaves[node.name] = {node.type.extents, recorded.values(node.name)};
    if (const auto* state = std::get_if<graph::State>(&node.op))
      leaves[node.name] = recorded.has(node.name)
                              ? training::ReferenceTensor{node.type.extents, recorded.values(node.name)}
                              : make_tensor(node.type.extents, [&] { return state->initial; });
  }
  return leaves;
}

void expect_ten_steps(const std::string& name) {
  SCOPED_TRACE(name);
  const Recorded recorded(name);
  const runtime::SampleSet mnist = mnist_training();
  auto typed = type_program(recorded.metadata.at("program"), mnist_description());
  const graph::Graph graph = training::build_training_step(typed->network);
  const CompiledGraph compiled(graph, {2, "", 0});
  ReferenceLeaves leaves = starting_leaves(graph, recorded);
  const std::vector<double> indices = recorded.values("indices"), losses = recorded.values("losses");
  const std::int64_t batch = typed->network.train.batch;
  for (std::size_t step = 0; step < losses.size(); ++step) {
    std::vector<double> pixels, labels;
    for (std::int64_t b = 0; b < batch; ++b) {
      const auto row = static_cast<std::int64_t>(indices[step * batch + b]);
      const std::uint8_t* first = mnist.samples.data() + row * 784;
      pixels.insert(pixels.end(), first, first + 784);
      labels.push_back(mnist.labels[row]);
    }
    leaves["samples"] = {{batch, 28, 28, 1}, std::move(pixels)};
    leaves["labels"] = {{batch}, std::move(labels)};
    leaves["step"] = {{}, {static_cast<double>(step + 1)}};
    const RunResult run = compiled.run(leaves);
    EXPECT_NEAR(run.outputs.at("loss_sum")[0] / static_cast<double>(batch), losses[step], 1e-4 * losses[step])
        << "step " << step + 1;
    for (const auto& [leaf, values] : run.leaves) leaves[leaf].values.assign(values.begin(), values.end());
  }
  for (const auto& [leaf, tensor] : recorded.tensors) {
    if (!leaf.starts_with("after.")) continue;
    const std::vector<double>& values = leaves.at(leaf.substr(6)).values;
    EXPECT_LE(norm_error({values.begin(), values.end()}, recorded.values(leaf)), 1e-4) << leaf;
  }
}

TEST(PyTorch, TenStepsOfAnMlpWithReluAndAdam) { expect_ten_steps("mlp_a"); }
TEST(PyTorch, TenStepsOfAnMlpWithTanhGeluAndMomentum) { expect_ten_steps("mlp_b"); }

struct StepResult {
  std::map<std::string, training::ReferenceTensor> outputs;
  ReferenceLeaves next;
};
using Runner = std::function<StepResult(const graph::Graph&, const ReferenceLeaves&)>;

StepResult run_in_double(const graph::Graph& graph, const ReferenceLeaves& leaves) {
  training::ReferenceRun run = training::run_reference(graph, leaves);
  return {std::move(run.outputs), std::move(run.next)};
}

// Compiled once for each graph.
class CompiledRunner {
 public:
  explicit CompiledRunner(int threads) : threads_(threads) {}

  StepResult operator()(const graph::Graph& graph, const ReferenceLeaves& leaves) {
    std::shared_ptr<CompiledGraph>& compiled = compiled_[graph::print(graph)];
    if (!compiled) compiled = std::make_shared<CompiledGraph>(graph);
    const RunResult run = compiled->run(leaves, threads_);
    StepResult result;
    for (const auto& [name, values] : run.outputs) {
      const graph::Extents& extents = graph.type(*graph.output(name)).extents;
      result.outputs[name] = {extents, {values.begin(), values.end()}};
    }
    for (const auto& [name, values] : run.leaves)
      result.next[name] = {leaves.at(name).extents, {values.begin(), values.end()}};
    return result;
  }

 private:
  int threads_;
  std::map<std::string, std::shared_ptr<CompiledGraph>> compiled_;
};

// A recorded network of images, run by whatever runs graphs.
class RecordedImages {
 public:
  RecordedImages(const std::string& name, Runner run) : recorded_(name), run_(std::move(run)) {}

  // With other settings of `train` than the recorded ones, if there are any.
  std::unique_ptr<TypedProgram> type(const std::string& train = {}) const {
    DataDescription data;
    data.sample.kind = ShapeKind::kImage;
    data.sample.extents = recorded_.extents("samples", 2);
    data.classes = recorded_.extents("output", 1)[0];
    return type_program(
        recorded_.metadata.at("layers") + (train.empty() ? recorded_.metadata.at("train") : train), data);
  }

  // A step's inputs.
  void set_batch(ReferenceLeaves& leaves, std::size_t step) const {
    leaves["samples"] = {recorded_.extents("samples", 1), part("samples", step)};
    leaves["labels"] = {recorded_.extents("labels", 1), part("labels", step)};
    leaves["count"] = {{}, {static_cast<double>(leaves["labels"].values.size())}};
    leaves["step"] = {{}, {static_cast<double>(step + 1)}};
    leaves["epoch"] = {{}, {0}};
    leaves["total_steps"] = {{}, {10}};
  }

  void expect_output(const ReferenceLeaves& weights, const std::string& name) const {
    const auto typed = type();
    const graph::Graph graph = training::build_inference(typed->network, typed->network.train.batch);
    ReferenceLeaves leaves = weights;
    set_batch(leaves, 0);
    expect_near(run_(graph, leaves).outputs.at("output"), name);
  }

  // A step of `sgd lr=1` takes the gradient away.
  void expect_gradients() const {
    const auto typed = type("train { optimizer sgd lr=1; batch 5 }");
    const graph::Graph graph = training::build_training_step(typed->network);
    ReferenceLeaves leaves = starting_leaves(graph, recorded_);
    set_batch(leaves, 0);
    ReferenceLeaves next = run_(graph, leaves).next;
    for (auto& [leaf, tensor] : next) {
      if (leaf.find(".running_") != leaf.npos) continue;
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = leaves.at(leaf).values[i] - tensor.values[i];
      expect_near(tensor, "gradient." + leaf);
    }
  }

  void expect_ten_steps() const {
    const auto typed = type();
    const graph::Graph graph = training::build_training_step(typed->network);
    ReferenceLeaves leaves = starting_leaves(graph, recorded_);
    expect_output(leaves, "output");
    const std::vector<double> losses = recorded_.values("losses");
    for (std::size_t step = 0; step < losses.size(); ++step) {
      set_batch(leaves, step);
      const StepResult run = run_(graph, leaves);
      const double samples = leaves.at("count").values[0];
      EXPECT_NEAR(run.outputs.at("loss_sum").values[0] / samples, losses[step], 1e-4 * losses[step])
          << "step " << step + 1;
      for (const auto& [leaf, tensor] : run.next) leaves[leaf] = tensor;
    }
    for (const auto& [name, tensor] : recorded_.tensors) {
      if (name.starts_with("after.") && name != "after.output") expect_near(leaves.at(name.substr(6)), name);
    }
    expect_output(leaves, "after.output");
  }

 private:
  std::vector<double> part(const std::string& name, std::size_t step) const {
    const std::vector<double> all = recorded_.values(name);
    const std::size_t size = all.size() / static_cast<std::size_t>(recorded_.tensors.at(name).extents[0]);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(step * size);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
  }

  // The error of the norm is at most 1e-4; what is 0 in exact arithmetic, as the gradient of a bias in front
  // of a batchnorm, is small in floats.
  void expect_near(const training::ReferenceTensor& got, const std::string& name) const {
    const std::vector<double> wanted = recorded_.values(name);
    ASSERT_EQ(got.values.size(), wanted.size()) << name;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      difference += (got.values[i] - wanted[i]) * (got.values[i] - wanted[i]);
      norm += wanted[i] * wanted[i];
    }
    EXPECT_LE(std::sqrt(difference), 1e-4 * std::max(std::sqrt(norm), 1e-2)) << name;
  }

  Recorded recorded_;
  Runner run_;
};

void expect_image_networks(const Runner& run) {
  for (const char* name : {"lenet", "resnet", "mobilenet"}) {
    SCOPED_TRACE(name);
    const RecordedImages images(name, run);
    images.expect_gradients();
    images.expect_ten_steps();
  }
}

TEST(PyTorch, ImageNetworksInDouble) { expect_image_networks(run_in_double); }
TEST(PyTorch, ImageNetworksAsCompiledCode) { expect_image_networks(CompiledRunner(1)); }
TEST(PyTorch, ImageNetworksAsCompiledCodeOnTwoThreads) { expect_image_networks(CompiledRunner(2)); }

template <typename Definition>
void expect_recorded(const std::string& file,
                     const std::map<std::string, Definition, std::less<>>& definitions,
                     const std::map<std::string, std::string>& reasons) {
  std::set<std::string> names;
  const json recorded = recording(file);
  for (const json& run : recorded.at("runs")) names.insert(run.at("name").get<std::string>());
  for (const auto& entry : definitions)
    EXPECT_NE(names.contains(entry.first), reasons.contains(entry.first))
        << file << ": " << entry.first << " needs a recording or a reason for having none, and not both";
}

TEST(PyTorch, EverythingInThePreludeIsRecorded) {
  RegistryCalls calls;
  expect_recorded(
      "activations", calls.prelude().activations,
      {{"squareplus", "PyTorch has none"}, {"gaussian", "PyTorch has none"}, {"snake", "PyTorch has none"}});
  expect_recorded("losses", calls.prelude().losses,
                  {{"cross_entropy", "PyTorch's takes logits: whole networks train with it"}});
  expect_recorded("optimizers", calls.prelude().optimizers, {});
}

}  // namespace
}  // namespace netc::testing

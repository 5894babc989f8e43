// Ten training steps with every loss, optimizer, schedule and way to regularize, against those that
// tests/reference/record.py recorded in float64: as the reference interpreter and as compiled code take them.

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/training/step.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

using nlohmann::json;
using training::ReferenceLeaves;
using training::ReferenceTensor;

constexpr std::int64_t kBatch = 8, kFeatures = 6, kSteps = 10, kStepsAnEpoch = 2;

json recording() {
  std::ifstream in(std::filesystem::path(NETC_SOURCE_DIR) / "tests" / "reference" / "steps.json");
  json parsed = json::parse(in, nullptr, false);
  EXPECT_TRUE(parsed.is_object());
  return parsed;
}

std::vector<double> flat(const json& list) {
  std::vector<double> result;
  if (!list.is_array()) return {list.get<double>()};
  for (const json& part : list) {
    const std::vector<double> inner = flat(part);
    result.insert(result.end(), inner.begin(), inner.end());
  }
  return result;
}

std::unique_ptr<TypedProgram> type_run(const json& run) {
  const std::map<std::string, std::int64_t> classes{{"classes", 3}, {"two", 2}, {"real", 0}};
  DataDescription data;
  data.sample = {ShapeKind::kVector, {kFeatures}};
  data.classes = classes.at(run.at("labels"));
  return type_program(run.at("program"), data);
}

struct StepResult {
  double loss_sum = 0;
  ReferenceLeaves next;
};
using TakeStep = std::function<StepResult(const ReferenceLeaves&)>;

TakeStep in_double(const graph::Graph& graph) {
  return [&graph](const ReferenceLeaves& leaves) {
    training::ReferenceRun run = training::run_reference(graph, leaves);
    return StepResult{run.outputs.at("loss_sum").values[0], std::move(run.next)};
  };
}

TakeStep as_code(const graph::Graph& graph) {
  auto compiled = std::make_shared<CompiledGraph>(graph, RunSetting{.threads = 2, .cpu = ""});
  return [compiled](const ReferenceLeaves& leaves) {
    const RunResult run = compiled->run(leaves);
    EXPECT_TRUE(same_bits(run, compiled->run(leaves, 1))) << "one thread differs from two";
    StepResult result{run.outputs.at("loss_sum")[0], {}};
    for (const auto& [name, values] : run.leaves)
      result.next[name] = {leaves.at(name).extents, {values.begin(), values.end()}};
    return result;
  };
}

// A recorded run, as netc takes its steps.
class Steps {
 public:
  Steps(const json& recorded, const json& run, const Network& network, const graph::Graph& graph)
      : recorded_(recorded), run_(run), network_(network), shards_(network.train.shards) {
    const json& start = recorded.at("start").at(run.at("labels") == "classes" ? "3" : "1");
    for (const graph::Node& node : graph.nodes) {
      if (const auto* state = std::get_if<graph::State>(&node.op))
        leaves_[node.name] = make_tensor(node.type.extents, [&] { return state->initial; });
      if (std::holds_alternative<graph::Parameter>(node.op))
        leaves_[node.name] = {node.type.extents, flat(start.at(node.name))};
    }
    if (network.train.class_weight)
      leaves_.at(kClassWeightState).values = network.train.class_weight->weights;
  }

  void expect(const TakeStep& take_step) {
    for (std::int64_t step = 0; step < kSteps; ++step) {
      double loss = 0;
      for (std::int64_t shard = 0; shard < shards_; ++shard) {
        set_inputs(step, shard);
        StepResult result = take_step(leaves_);
        loss += result.loss_sum / kBatch;
        for (auto& [name, tensor] : result.next) leaves_[name] = std::move(tensor);
      }
      const double wanted = run_.at("losses")[step].get<double>();
      EXPECT_NEAR(loss, wanted, 1e-4 * std::abs(wanted)) << "step " << step + 1;
    }
    for (const auto& [name, values] : run_.at("after").items()) {
      const std::vector<double>& got = leaves_.at(name).values;
      EXPECT_LE(norm_error({got.begin(), got.end()}, values.get<std::vector<double>>()), 1e-4) << name;
    }
  }

 private:
  void set_inputs(std::int64_t step, std::int64_t shard) {
    const std::int64_t size = kBatch / shards_;
    auto part = [&](const json& rows) {
      const std::vector<double> all = flat(rows);
      const auto each = static_cast<std::ptrdiff_t>(all.size()) / shards_;
      return std::vector<double>(all.begin() + shard * each, all.begin() + (shard + 1) * each);
    };
    leaves_["samples"] = {{size, kFeatures}, part(recorded_.at("samples")[step])};
    leaves_["labels"] = {{size}, part(recorded_.at("labels").at(run_.at("labels"))[step])};
    auto number = [&](const char* name, std::int64_t value) {
      leaves_[name] = {{}, {static_cast<double>(value)}};
    };
    number("step", step * shards_ + shard + 1);
    number("update", step + 1);
    number("epoch", step / kStepsAnEpoch);
    number("total_steps", kSteps);
    number("count", size);
    number("batch_count", kBatch);
    number("first_shard", shard == 0);
    number("last_shard", shard == shards_ - 1);
  }

  const json &recorded_, &run_;
  const Network& network_;
  std::int64_t shards_;
  ReferenceLeaves leaves_;
};

void expect_recorded(const std::function<TakeStep(const graph::Graph&)>& runner) {
  const json recorded = recording();
  for (const json& run : recorded.at("runs")) {
    SCOPED_TRACE(run.at("name"));
    const auto typed = type_run(run);
    const graph::Graph graph = training::build_training_step(typed->network);
    Steps(recorded, run, typed->network, graph).expect(runner(graph));
  }
}

TEST(TrainingSteps, InDoubleAreThoseRecorded) { expect_recorded(in_double); }
TEST(TrainingSteps, AsCompiledCodeAreThoseRecorded) { expect_recorded(as_code); }

// `name` and what follows it up to a space, a parenthesis or the end.
std::string first_word(const std::string& text) { return text.substr(0, text.find_first_of(" (;")); }

TEST(TrainingSteps, EverythingInThePreludeIsRecorded) {
  std::map<std::string, std::set<std::string>> names;
  const json recorded = recording();
  for (const json& run : recorded.at("runs")) {
    const auto name = run.at("name").get<std::string>();
    const std::string kind = first_word(name);
    if (name.size() > kind.size()) names[kind].insert(first_word(name.substr(kind.size() + 1)));
  }
  Sources sources;
  const Definitions prelude = load_prelude(sources);
  for (const auto& entry : prelude.losses) EXPECT_TRUE(names["loss"].contains(entry.first)) << entry.first;
  for (const auto& entry : prelude.optimizers)
    EXPECT_TRUE(names["optimizer"].contains(entry.first)) << entry.first;
  for (const auto& entry : prelude.schedules)
    EXPECT_TRUE(names["schedule"].contains(entry.first)) << entry.first;
}

}  // namespace
}  // namespace netc::testing

#include "tests/plan_runner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/driver/bind.h"
#include "compiler/support/render.h"
#include "compiler/syntax/parse.h"
#include "runtime/executor.h"

namespace netc::testing {

namespace {

using training::ReferenceLeaves;

double number(const ReferenceLeaves& leaves, const char* name, double otherwise) {
  auto found = leaves.find(name);
  return found == leaves.end() ? otherwise : found->second.values.at(0);
}

bool is_float(const kernel::Plan& plan, kernel::Storage storage) {
  return std::ranges::any_of(plan.buffers, [&](const kernel::Buffer& buffer) {
    return buffer.storage == storage && buffer.dtype == graph::DType::kF32;
  });
}

runtime::SampleSet sample_set(const kernel::Plan& plan, const ReferenceLeaves& leaves) {
  runtime::SampleSet set;
  auto samples = leaves.find("samples"), labels = leaves.find("labels");
  if (samples != leaves.end()) {
    set.count = samples->second.extents.at(0);
    const std::vector<double>& values = samples->second.values;
    const bool floats = is_float(plan, kernel::Storage::kSamples);
    set.samples = runtime::Bytes(values.size() * (floats ? sizeof(float) : 1));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (floats) reinterpret_cast<float*>(set.samples.data())[i] = static_cast<float>(values[i]);
      else set.samples.data()[i] = static_cast<std::uint8_t>(values[i]);
    }
  }
  if (labels == leaves.end()) return set;
  if (is_float(plan, kernel::Storage::kLabels))
    set.targets.assign(labels->second.values.begin(), labels->second.values.end());
  else set.labels.assign(labels->second.values.begin(), labels->second.values.end());
  return set;
}

// What the plan keeps from step to step.
std::vector<runtime::NamedTensor> persistent(const kernel::Plan& plan, const ReferenceLeaves& leaves) {
  std::vector<runtime::NamedTensor> tensors;
  for (const kernel::Buffer& buffer : plan.buffers) {
    auto known = [&](const runtime::NamedTensor& tensor) { return tensor.name == buffer.leaf; };
    if (buffer.storage != kernel::Storage::kPersistent || std::ranges::any_of(tensors, known)) continue;
    const auto& value = leaves.at(buffer.leaf);
    tensors.push_back({buffer.leaf, value.extents, {value.values.begin(), value.values.end()}});
  }
  return tensors;
}

}  // namespace

kernel::Plan make_plan(const graph::Graph& graph, const RunSetting& setting) {
  Diagnostics diagnostics;
  EXPECT_EQ(graph::verify(graph), "");
  kernel::Target target = *codegen::find_target(setting.cpu);
  if (setting.cache_bytes > 0) target.cache_bytes = setting.cache_bytes;
  std::optional<kernel::Plan> plan = kernel::lower(graph, target, diagnostics, setting.overrides);
  EXPECT_TRUE(plan) << (diagnostics.empty() ? "" : diagnostics.sorted()[0].message);
  EXPECT_EQ(plan ? kernel::verify(*plan) : "", "") << (plan ? kernel::print(*plan) : "");
  if (!plan) return {};
  return std::move(*plan);
}

CompiledGraph::CompiledGraph(const graph::Graph& graph, const RunSetting& setting)
    : setting_(setting), plan_(make_plan(graph, setting)) {
  const std::vector<const kernel::Plan*> plans{&plan_};
  code_ = codegen::compile(plans, *codegen::find_target(setting.cpu), 2);
}

RunResult CompiledGraph::run(const ReferenceLeaves& leaves, int threads) const {
  const runtime::SampleSet set = sample_set(plan_, leaves);
  const auto labels = leaves.find("labels");
  const std::int64_t batch = std::max(set.count, labels == leaves.end() ? 0 : labels->second.extents.at(0));
  runtime::Store store;
  runtime::Program program = driver::bind_program(plan_, code_->functions(0), batch, store);
  store.allocate();
  EXPECT_TRUE(store.assign(persistent(plan_, leaves), true));
  runtime::ThreadTeam team(threads > 0 ? threads : setting_.threads);
  runtime::Executor executor(program, store, team);
  executor.bind(set);
  runtime::StepNumbers numbers{.step = number(leaves, "step", 1),
                               .epoch = number(leaves, "epoch", 0),
                               .total_steps = number(leaves, "total_steps", 1),
                               .count = number(leaves, "count", static_cast<double>(batch)),
                               .rate_factor = number(leaves, "rate_factor", 1),
                               .update = number(leaves, "update", 1),
                               .batch_count = number(leaves, "batch_count", static_cast<double>(batch)),
                               .first_shard = number(leaves, "first_shard", 1),
                               .last_shard = number(leaves, "last_shard", 1),
                               .seed = setting_.seed};
  std::vector<std::int32_t> rows(2 * batch + runtime::kLookAhead);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(batch ? i % batch : 0);
  RunResult result;
  team.run([&](int thread) {
    const bool updated = executor.step(thread, rows.data(), numbers);
    if (thread == 0) result.updated = updated;
  });
  for (const kernel::Plan::Output& output : plan_.outputs)
    result.outputs[output.name] = executor.values(index(output.buffer));
  for (const runtime::NamedTensor& tensor : store.everything()) result.leaves[tensor.name] = tensor.values;
  return result;
}

RunResult run_compiled(const graph::Graph& graph, const ReferenceLeaves& leaves, const RunSetting& setting) {
  return CompiledGraph(graph, setting).run(leaves);
}

double norm_error(const std::vector<float>& got, const std::vector<double>& wanted) {
  EXPECT_EQ(got.size(), wanted.size());
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < wanted.size() && i < got.size(); ++i) {
    if (std::isnan(got[i]) != std::isnan(wanted[i])) return std::numeric_limits<double>::infinity();
    if (std::isnan(wanted[i]) || static_cast<float>(wanted[i]) == got[i]) continue;
    difference += (got[i] - wanted[i]) * (got[i] - wanted[i]);
  }
  for (double value : wanted) size += std::isfinite(value) ? value * value : 0;
  return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

namespace {

bool same_values(const std::map<std::string, std::vector<float>>& a,
                 const std::map<std::string, std::vector<float>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.size() == right.second.size() &&
           std::memcmp(left.second.data(), right.second.data(), left.second.size() * sizeof(float)) == 0;
  });
}

}  // namespace

bool same_bits(const RunResult& a, const RunResult& b) {
  return a.updated == b.updated && same_values(a.outputs, b.outputs) && same_values(a.leaves, b.leaves);
}

DataDescription mnist_description() {
  return {.sample = {ShapeKind::kImage, {28, 28, 1}}, .classes = 10, .train = 60000, .test = 10000};
}

std::unique_ptr<TypedProgram> type_program(const std::string& text, const DataDescription& data,
                                           const std::string& name) {
  auto typed = std::make_unique<TypedProgram>();
  typed->prelude = load_prelude(typed->sources);
  auto program = parse_program(typed->sources, typed->sources.add(name, text), typed->diagnostics);
  if (program) typed->program = std::move(*program);
  std::optional<DataSpec> spec;
  if (program) spec = read_data_spec(typed->program, typed->sources, {}, typed->diagnostics);
  std::optional<Network> network;
  if (spec)
    network =
        build_network(typed->program, typed->sources, typed->prelude, *spec, data, {}, typed->diagnostics);
  EXPECT_TRUE(network) << text << "\n" << render_all(typed->sources, typed->diagnostics);
  if (network) typed->network = std::move(*network);
  return typed;
}

}  // namespace netc::testing

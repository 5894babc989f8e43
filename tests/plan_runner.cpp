#include "tests/plan_runner.h"

#include <gtest/gtest.h>

#include "compiler/driver/bind.h"
#include "compiler/driver/target.h"
#include "compiler/support/render.h"
#include "runtime/executor.h"

namespace netc::testing {

namespace {

using training::ReferenceLeaves;

double number(const ReferenceLeaves& leaves, const char* name, double otherwise) {
  auto found = leaves.find(name);
  return found == leaves.end() ? otherwise : found->second.values.at(0);
}

runtime::SampleSet sample_set(const ReferenceLeaves& leaves) {
  runtime::SampleSet set;
  auto samples = leaves.find("samples"), labels = leaves.find("labels");
  if (samples != leaves.end()) {
    set.count = samples->second.extents.at(0);
    set.samples = runtime::Bytes(samples->second.values.size());
    for (std::size_t i = 0; i < samples->second.values.size(); ++i)
      set.samples.data()[i] = static_cast<std::uint8_t>(samples->second.values[i]);
  }
  if (labels != leaves.end()) set.labels.assign(labels->second.values.begin(), labels->second.values.end());
  return set;
}

std::vector<runtime::NamedTensor> persistent(const graph::Graph& graph, const ReferenceLeaves& leaves) {
  std::vector<runtime::NamedTensor> tensors;
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Parameter>(node.op) && !std::holds_alternative<graph::State>(node.op))
      continue;
    const auto& value = leaves.at(node.name);
    tensors.push_back({node.name, value.extents, {value.values.begin(), value.values.end()}});
  }
  return tensors;
}

}  // namespace

kernel::Plan make_plan(const graph::Graph& graph, const RunSetting& setting) {
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan =
      kernel::lower(graph, {*codegen::find_target(setting.cpu), setting.threads}, diagnostics);
  EXPECT_TRUE(plan) << (diagnostics.empty() ? "" : diagnostics.sorted()[0].message);
  EXPECT_EQ(plan ? kernel::verify(*plan) : "", "") << (plan ? kernel::print(*plan) : "");
  return plan ? std::move(*plan) : kernel::Plan{};
}

RunResult run_compiled(const graph::Graph& graph, const ReferenceLeaves& leaves, const RunSetting& setting) {
  const kernel::Plan plan = make_plan(graph, setting);
  const std::vector<const kernel::Plan*> plans{&plan};
  auto code = codegen::compile(plans, *codegen::find_target(setting.cpu), 1);
  runtime::Store store;
  Sources sources;
  const runtime::SampleSet set = sample_set(leaves);
  kernel::Plan unplaced = plan;
  for (kernel::Kernel& kernel : unplaced.kernels) kernel.spans.clear();
  const auto batch = static_cast<std::int64_t>(set.labels.size());
  runtime::Program program = driver::bind_program(unplaced, code->functions(0), batch, sources, store);
  store.allocate();
  EXPECT_TRUE(store.assign(persistent(graph, leaves), true));
  runtime::ThreadTeam team(setting.threads);
  runtime::Executor executor(program, store, team);
  executor.bind(set);
  runtime::StepNumbers numbers{number(leaves, "step", 1), number(leaves, "epoch", 0),
                               number(leaves, "total_steps", 1),
                               number(leaves, "count", static_cast<double>(batch)), setting.seed};
  std::vector<std::int32_t> rows(batch + runtime::kLookAhead);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(batch ? i % batch : 0);
  team.run([&](int thread) { executor.step(thread, rows.data(), numbers); });
  RunResult result;
  for (const kernel::Plan::Output& output : plan.outputs)
    result.outputs[output.name] = executor.values(index(output.buffer));
  for (const runtime::NamedTensor& tensor : store.everything()) result.leaves[tensor.name] = tensor.values;
  return result;
}

}  // namespace netc::testing

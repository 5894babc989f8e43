#include "tests/bench/compiled_graph.h"

#include <algorithm>

#include "compiler/driver/bind.h"
#include "compiler/support/check.h"

namespace netc::bench {

const char* name_of(Direction direction) {
  switch (direction) {
    case Direction::kForward: return "forward";
    case Direction::kBackwardData: return "backward-data";
    case Direction::kBackwardWeights: return "backward-weights";
  }
  return "";
}

graph::ValueId add_activation(graph::Builder& builder, const std::string& name,
                              const graph::Extents& extents) {
  graph::ScalarExpr half;
  half.root = half.pool.binary(graph::ScalarOp::kMultiply, half.pool.operand(0), half.pool.constant(0.5));
  return builder.map(half, {builder.parameter(name, extents, kUniform)});
}

CompiledGraph::CompiledGraph(const graph::Graph& graph, const std::vector<std::string>& activations,
                             const kernel::Target& target, const kernel::ScheduleOverrides& overrides,
                             runtime::ThreadTeam& team) {
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan = kernel::lower(graph, target, diagnostics, overrides);
  NETC_CHECK(plan, "the contractions of layers have kernels");
  plan_ = std::move(*plan);
  const std::vector<const kernel::Plan*> plans{&plan_};
  code_ = codegen::compile(plans, target, 1);
  program_ = driver::bind_program(plan_, code_->functions(0), 0, store_);
  store_.allocate();
  store_.initialize(1);
  executor_ = std::make_unique<runtime::Executor>(program_, store_, team);
  executor_->step(0, nullptr, {}, true);
  // From now on the calls that make operands have nothing to do, and nobody waits for them.
  bool waits = false;
  for (std::size_t i = 0; i < plan_.kernels.size(); ++i) {
    runtime::KernelCall& call = program_.calls[i];
    call.barrier_before = waits && call.barrier_before;
    if (makes_operands(plan_.kernels[i], activations)) {
      call.tiles = 0;
    } else {
      waits = true;
    }
  }
}

bool CompiledGraph::makes_operands(const kernel::Kernel& kernel,
                                   const std::vector<std::string>& activations) const {
  // Every plan computes the numbers of the step; these graphs use none.
  if (std::holds_alternative<kernel::UniformsKernel>(kernel.form)) return true;
  return std::ranges::any_of(kernel.arguments, [&](kernel::BufferId id) {
    return std::ranges::count(activations, plan_.buffer(id).leaf) > 0;
  });
}

std::vector<float> CompiledGraph::values(const std::string& name) const {
  for (const kernel::Plan::Output& output : plan_.outputs)
    if (output.name == name) return executor_->values(index(output.buffer));
  for (runtime::NamedTensor& tensor : store_.everything())
    if (tensor.name == name) return std::move(tensor.values);
  NETC_CHECK(false, "the graph has no `" + name + "`");
  return {};
}

}  // namespace netc::bench

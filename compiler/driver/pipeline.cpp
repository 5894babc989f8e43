#include "compiler/driver/pipeline.h"

#include "compiler/driver/bind.h"
#include "compiler/kernel/lower.h"
#include "compiler/support/check.h"
#include "compiler/training/step.h"

namespace netc::driver {

namespace {

// Every level is verified where netc is built for its own developers.
void verify_graph([[maybe_unused]] const graph::Graph& graph) {
#ifndef NDEBUG
  const std::string fault = graph::verify(graph);
  NETC_CHECK(fault.empty(), fault);
#endif
}

std::optional<kernel::Plan> lower(const graph::Graph& graph, const Sources& sources,
                                  const PipelineOptions& options, Diagnostics& diagnostics) {
  verify_graph(graph);
  std::optional<kernel::Plan> plan = kernel::lower(graph, options.target, diagnostics, options.overrides);
  if (plan) kernel::locate(*plan, sources);
#ifndef NDEBUG
  const std::string fault = plan ? kernel::verify(*plan) : "";
  NETC_CHECK(fault.empty(), fault);
#endif
  return plan;
}

}  // namespace

std::optional<kernel::Plan> plan_training(const Network& network, const Sources& sources,
                                          const PipelineOptions& options, Diagnostics& diagnostics) {
  return lower(training::build_training_step(network), sources, options, diagnostics);
}

std::optional<kernel::Plan> plan_inference(const Network& network, const Sources& sources, std::int64_t batch,
                                           const PipelineOptions& options, Diagnostics& diagnostics) {
  return lower(training::build_inference(network, batch), sources, options, diagnostics);
}

std::optional<Compiled> compile(const Network& network, const Sources& sources, bool with_training,
                                const PipelineOptions& options, const runtime::Cache& cache,
                                Diagnostics& diagnostics) {
  const std::int64_t batch = network.train.batch;
  std::optional<kernel::Plan> training,
      inference = plan_inference(network, sources, batch, options, diagnostics);
  if (with_training) training = plan_training(network, sources, options, diagnostics);
  if (!inference || (with_training && !training)) return std::nullopt;
  std::vector<const kernel::Plan*> plans{&*inference};
  if (training) plans.push_back(&*training);
  Compiled compiled;
  compiled.code = codegen::compile(plans, options.target, options.threads, cache);
  compiled.store = std::make_unique<runtime::Store>();
  if (training)
    compiled.training = bind_program(*training, compiled.code->functions(1), batch, *compiled.store);
  compiled.inference = bind_program(*inference, compiled.code->functions(0), batch, *compiled.store);
  compiled.store->allocate();
  return compiled;
}

}  // namespace netc::driver

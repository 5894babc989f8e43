#include "compiler/driver/pipeline.h"

#include "compiler/driver/bind.h"
#include "compiler/kernel/lower.h"
#include "compiler/support/check.h"
#include "compiler/training/step.h"

namespace netc::driver {

namespace {

// Numbers of plans. Inference comes first, so its kernels have the same names, and are found in the cache,
// where it is alone.
constexpr std::size_t kInference = 0, kTraining = 1;

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
  const std::int64_t batch = network.train.samples_a_step();
  std::optional<kernel::Plan> training,
      inference = plan_inference(network, sources, batch, options, diagnostics);
  if (with_training) training = plan_training(network, sources, options, diagnostics);
  if (!inference || (with_training && !training)) return std::nullopt;
  Compiled compiled;
  compiled.plans.push_back(std::move(*inference));
  if (training) compiled.plans.push_back(std::move(*training));
  std::vector<const kernel::Plan*> plans;
  for (const kernel::Plan& plan : compiled.plans) plans.push_back(&plan);
  compiled.code = codegen::make_code(plans, options.target);
  compiled.store = std::make_unique<runtime::Store>();
  // Inference first: so the weights have the same order with training and without.
  compiled.inference =
      bind_program(*plans[kInference], compiled.code->functions(kInference), batch, *compiled.store, true);
  if (training) {
    compiled.code->compile(kTraining, options.threads, cache);
    compiled.training =
        bind_program(*plans[kTraining], compiled.code->functions(kTraining), batch, *compiled.store);
  }
  if (!training) compile_inference(compiled, options.threads, cache);
  compiled.store->allocate();
  return compiled;
}

void compile_inference(Compiled& compiled, int threads, const runtime::Cache& cache) {
  compiled.code->compile(kInference, threads, cache);
  const std::vector<codegen::KernelFunction> functions = compiled.code->functions(kInference);
  for (std::size_t i = 0; i < functions.size(); ++i) compiled.inference.calls[i].function = functions[i];
}

}  // namespace netc::driver

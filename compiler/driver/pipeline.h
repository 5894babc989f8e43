#pragma once
// The table of contents of netc: every pass from the typed network to code, in order.

#include <memory>
#include <optional>

#include "compiler/codegen/codegen.h"
#include "compiler/graph/graph.h"
#include "compiler/kernel/kernel.h"
#include "compiler/kernel/schedule.h"
#include "compiler/network/network.h"
#include "runtime/program.h"
#include "runtime/store.h"

namespace netc::driver {

struct PipelineOptions {
  kernel::Target target;
  int threads = 2;
  kernel::ScheduleOverrides overrides = {};
};

// The training step, as a graph and as kernels.
std::optional<kernel::Plan> plan_training(const Network& network, const Sources& sources,
                                          const PipelineOptions& options, Diagnostics& diagnostics);
std::optional<kernel::Plan> plan_inference(const Network& network, const Sources& sources, std::int64_t batch,
                                           const PipelineOptions& options, Diagnostics& diagnostics);

// Programs over one store. `training` is empty where only predictions are wanted.
struct Compiled {
  std::vector<kernel::Plan> plans;  // of inference, of training
  std::unique_ptr<codegen::Code> code;
  std::unique_ptr<runtime::Store> store;  // allocated, not initialized
  std::optional<runtime::Program> training;
  runtime::Program inference;
};
// `cache`: for machine code. With training, `inference` has no code until compile_inference: training need
// not wait for it.
std::optional<Compiled> compile(const Network& network, const Sources& sources, bool with_training,
                                const PipelineOptions& options, const runtime::Cache& cache,
                                Diagnostics& diagnostics);
// May be called while the training program runs.
void compile_inference(Compiled& compiled, int threads, const runtime::Cache& cache);

}  // namespace netc::driver

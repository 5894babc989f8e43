#include <fmt/format.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/target.h"

namespace netc::driver {

int check_command(const Options& options) {
  OrExit<Origin> origin = read_origin(options.file);
  if (!origin.value) return origin.exit_code;
  OrExit<Loaded> loaded = load_program(*origin.value, options, false);
  if (!loaded.value) return loaded.exit_code;
  std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, false);
  if (!pipeline) return kUsageError;
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan =
      plan_training(loaded.value->network, loaded.value->sources, *pipeline, diagnostics);
  const std::int64_t bytes = plan ? plan->arena_bytes + plan->persistent_bytes : 0;
  fmt::print("{}", summary(loaded.value->network, loaded.value->sources, bytes));
  if (plan) return kGood;
  print_diagnostics(loaded.value->sources, diagnostics);
  return kProgramError;
}

}  // namespace netc::driver

#include <fmt/format.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/target.h"
#include "compiler/support/check.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/print.h"
#include "compiler/training/step.h"

namespace netc::driver {

namespace {

int finish(const Sources& sources, const Diagnostics& diagnostics, const std::string& text) {
  fmt::print("{}", text);
  print_diagnostics(sources, diagnostics);
  return diagnostics.has_errors() ? kProgramError : kGood;
}

int emit_syntax(const Origin& origin, Stage stage) {
  Sources sources;
  Diagnostics diagnostics;
  SourceId source = sources.add(origin.name, origin.text);
  if (stage == Stage::kTokens)
    return finish(sources, diagnostics, print_tokens(sources, source, diagnostics));
  std::optional<ast::Program> program = parse_program(sources, source, diagnostics);
  return finish(sources, diagnostics, program ? print_ast(sources, *program) : "");
}

// A level above the kernels: it is there even where kernels are not.
int emit_above_kernels(const Loaded& loaded, Stage stage) {
  const std::string text = stage == Stage::kNetwork
                               ? print(loaded.network, loaded.sources)
                               : graph::print(training::build_training_step(loaded.network), &loaded.sources);
  return finish(loaded.sources, {}, text);
}

std::string print_stage(const Sources& sources, const kernel::Plan& plan, const kernel::Target& target,
                        Stage stage) {
  switch (stage) {
    case Stage::kTokens:
    case Stage::kAst:
    case Stage::kNetwork:
    case Stage::kGraph: break;
    case Stage::kKernel: return kernel::print(plan, &sources);
    case Stage::kLlvm: return codegen::emit_llvm(plan, target);
    case Stage::kAsm: return codegen::emit_assembly(plan, target);
  }
  NETC_CHECK(false, "the levels above the kernels are printed before there is a plan");
  return "";
}

}  // namespace

int emit_command(const Options& options) {
  OrExit<Origin> origin = read_origin(options.file);
  if (!origin.value) return origin.exit_code;
  if (options.stage <= Stage::kAst) return emit_syntax(*origin.value, options.stage);
  OrExit<Loaded> loaded = load_program(*origin.value, options, false);
  if (!loaded.value) return loaded.exit_code;
  if (options.stage <= Stage::kGraph) return emit_above_kernels(*loaded.value, options.stage);
  std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, false);
  if (!pipeline) return kUsageError;
  pipeline->overrides = options.schedule;
  Diagnostics diagnostics;
  std::optional<kernel::Plan> plan =
      plan_training(loaded.value->network, loaded.value->sources, *pipeline, diagnostics);
  return finish(loaded.value->sources, diagnostics,
                plan ? print_stage(loaded.value->sources, *plan, pipeline->target, options.stage) : "");
}

}  // namespace netc::driver

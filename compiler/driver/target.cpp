#include "compiler/driver/target.h"

#include <fmt/format.h>

#include "compiler/driver/console.h"
#include "runtime/thread_team.h"

namespace netc::driver {

int threads_to_use(int wanted) { return wanted > 0 ? wanted : runtime::usable_cores(); }

std::optional<PipelineOptions> pipeline_options(const std::optional<std::string>& cpu, int threads,
                                                bool to_run) {
  std::optional<kernel::Target> target = codegen::find_target(cpu.value_or(""));
  if (!target) {
    print_error({fmt::format("there is no processor `{}`", *cpu),
                 {"names are LLVM's, such as x86-64-v3, znver4 or skylake-avx512"}});
    return std::nullopt;
  }
  if (to_run && cpu && !codegen::runs_here(*target)) {
    print_error({fmt::format("this machine cannot run code for `{}`", *cpu),
                 {"`netc emit --stage=asm` shows the code without running it"}});
    return std::nullopt;
  }
  return PipelineOptions{*target, threads_to_use(threads)};
}

std::string describe(const kernel::Target& target) {
  const char* vectors = target.floats_a_register == 16  ? " (AVX-512)"
                        : target.floats_a_register == 8 ? " (AVX2)"
                                                        : "";
  return target.cpu + vectors;
}

}  // namespace netc::driver

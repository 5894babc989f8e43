#pragma once
// `--cpu` and `--threads`.

#include <optional>

#include "compiler/driver/pipeline.h"

namespace netc::driver {

// Of `--threads`: 0 stands for as many as there are cores to use.
int threads_to_use(int wanted);
// Empty after an error was printed. `to_run`: the code has to run on this machine.
std::optional<PipelineOptions> pipeline_options(const std::optional<std::string>& cpu, int threads,
                                                bool to_run);

// `cascadelake (AVX-512)`
std::string describe(const kernel::Target& target);

}  // namespace netc::driver

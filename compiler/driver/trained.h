#pragma once
// What a run has learned, ready to be used.

#include <string>

#include "compiler/driver/frontend.h"
#include "compiler/driver/pipeline.h"
#include "runtime/cache.h"

namespace netc::driver {

// A run's folder brings its program and weights; a .net file needs `--weights`. Settings that the run was
// given join `options`.
OrExit<Origin> find_origin(Options& options);

// The inference program alone, with the weights of a file.
OrExit<Compiled> compile_trained(const Loaded& loaded, const std::string& weights,
                                 const PipelineOptions& pipeline, const runtime::Cache& cache);

}  // namespace netc::driver

#include "compiler/driver/trained.h"

#include <fmt/format.h>

#include <filesystem>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/settings_file.h"
#include "runtime/run_folder.h"

namespace netc::driver {

OrExit<Origin> find_origin(Options& options) {
  if (!std::filesystem::is_directory(options.file)) {
    if (options.weights) return read_origin(options.file);
    print_error({fmt::format("`{}` is not a run's folder", options.file),
                 {"to test a .net file, name its weights with `--weights FILE`"}});
    return {nullptr, std::filesystem::exists(options.file) ? kUsageError : kDataError};
  }
  if (!options.weights) options.weights = options.file + "/" + runtime::kWeightsFile;
  runtime::Result<Origin> origin = from_folder(options.file, options);
  if (origin) return {std::make_unique<Origin>(*origin), kGood};
  print_error(origin.error());
  return {nullptr, kDataError};
}

OrExit<Compiled> compile_trained(const Loaded& loaded, const std::string& weights,
                                 const PipelineOptions& pipeline, const runtime::Cache& cache) {
  Diagnostics diagnostics;
  std::optional<Compiled> compiled =
      compile(loaded.network, loaded.sources, false, pipeline, cache, diagnostics);
  print_diagnostics(loaded.sources, diagnostics);
  if (!compiled) return {nullptr, kProgramError};
  runtime::Result<runtime::LoadedTensors> tensors = runtime::load_safetensors(weights);
  const runtime::Status status =
      tensors ? compiled->store->assign(tensors->tensors, false) : runtime::Status(tensors.error());
  if (status) return {std::make_unique<Compiled>(std::move(*compiled)), kGood};
  print_error(status.error());
  return {nullptr, kDataError};
}

}  // namespace netc::driver

#include <fmt/format.h>

#include <filesystem>
#include <future>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/process.h"
#include "compiler/driver/settings_file.h"
#include "compiler/driver/target.h"
#include "compiler/driver/testing.h"
#include "runtime/run_folder.h"
#include "runtime/trainer.h"

namespace netc::driver {

namespace {

// A run's folder brings its program and weights; a .net file needs `--weights`.
OrExit<Origin> find_origin(Options& options) {
  if (!std::filesystem::is_directory(options.file)) {
    if (options.weights) return read_origin(options.file);
    print_error({fmt::format("`{}` is not a run's folder", options.file),
                 {"to test a .net file, name its weights with `--weights FILE`"}});
    return {nullptr, std::filesystem::exists(options.file) ? kUsageError : kDataError};
  }
  if (!options.weights) options.weights = options.file + "/weights.safetensors";
  runtime::Result<Origin> origin = from_folder(options.file, options);
  if (origin) return {std::make_unique<Origin>(*origin), kGood};
  print_error(origin.error());
  return {nullptr, kDataError};
}

int fail(const runtime::Error& error) {
  print_error(error);
  return kDataError;
}

// The data is read while the program is compiled.
struct Ready {
  std::unique_ptr<Compiled> compiled;
  std::optional<runtime::Dataset> data;
  int exit_code = kGood;
};

Ready make_ready(const Options& options, const Loaded& loaded, const PipelineOptions& pipeline,
                 const runtime::Cache& cache, runtime::RunReport& report) {
  std::future<runtime::Result<runtime::Dataset>> loading = std::async(
      std::launch::async, [&] { return runtime::load_dataset(loaded.request, pipeline.threads, cache); });
  const double start = runtime::now_seconds();
  Diagnostics diagnostics;
  std::optional<Compiled> compiled =
      compile(loaded.network, loaded.sources, false, pipeline, cache, diagnostics);
  report.compile_seconds = runtime::now_seconds() - start;
  print_diagnostics(loaded.sources, diagnostics);
  if (!compiled) return {nullptr, {}, kProgramError};
  report.kernels = compiled->code->compiled_kernels();
  report.cached_kernels = compiled->code->cached_kernels();
  runtime::Result<runtime::LoadedTensors> weights = runtime::load_safetensors(*options.weights);
  if (!weights) return {nullptr, {}, fail(weights.error())};
  if (runtime::Status status = compiled->store->assign(weights->tensors, false); !status)
    return {nullptr, {}, fail(status.error())};
  runtime::Result<runtime::Dataset> data = loading.get();
  if (!data) return {nullptr, {}, fail(data.error())};
  report.load_seconds = seconds_since_start(data->loaded_at);
  return {std::make_unique<Compiled>(std::move(*compiled)), std::move(*data), kGood};
}

int print_report(const Options& options, const runtime::RunReport& report) {
  fmt::print(options.json == "-" ? stderr : stdout, "{}", runtime::closing_lines(report));
  if (!options.json) return kGood;
  if (*options.json != "-") {
    runtime::Status status = runtime::write_file_atomically(*options.json, to_json(report));
    return status ? kGood : fail(status.error());
  }
  fmt::print("{}", to_json(report));
  return kGood;
}

int evaluate(const Options& options, const Loaded& loaded, const PipelineOptions& pipeline) {
  runtime::RunReport report;
  const runtime::Cache cache(options.cache ? runtime::user_cache_folder() : "");
  Ready ready = make_ready(options, loaded, pipeline, cache, report);
  if (!ready.compiled) return ready.exit_code;
  const runtime::SampleSet& test = ready.data->test;
  const std::int64_t count = count_test_samples(loaded.network, test.count);
  if (count == 0) return fail({"there are no test samples", {}});
  const runtime::Store& store = *ready.compiled->store;
  runtime::ThreadTeam team(pipeline.threads);
  runtime::Executor executor(ready.compiled->inference, store, team);
  report.test = test_samples(loaded.network, *ready.data, test, first_samples(count), executor, team);
  report.model = loaded.network.name;
  report.seed = loaded.network.train.seed;
  report.batch = loaded.network.train.batch;
  report.threads = pipeline.threads;
  report.parameters = store.parameter_count();
  report.weights_sha256 = runtime::sha256_of(store.weights());
  report.total_seconds = seconds_since_start(runtime::now_seconds());
  report.peak_rss_bytes = peak_rss_bytes();
  if (int code = print_report(options, report); code != kGood) return code;
  // Now that nobody waits.
  std::fflush(nullptr);
  runtime::keep_unpacked(*ready.data, cache);
  return kGood;
}

}  // namespace

int eval_command(const Options& given) {
  Options options = given;
  OrExit<Origin> origin = find_origin(options);
  if (!origin.value) return origin.exit_code;
  OrExit<Loaded> loaded = load_program(*origin.value, options, true);
  if (!loaded.value) return loaded.exit_code;
  std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, true);
  if (!pipeline) return kUsageError;
  // Who asks for a test alone wants to see all of it.
  for (runtime::ChosenMetric& metric : loaded.value->network.train.metrics) metric.shown = true;
  return evaluate(options, *loaded.value, *pipeline);
}

}  // namespace netc::driver

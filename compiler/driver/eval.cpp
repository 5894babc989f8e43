#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/process.h"
#include "compiler/driver/target.h"
#include "compiler/driver/testing.h"
#include "compiler/driver/trained.h"
#include "runtime/labelled_samples.h"
#include "runtime/run_folder.h"
#include "runtime/trainer.h"

namespace netc::driver {

namespace {

// The run's own data, or the files that are named.
runtime::Result<runtime::Dataset> load(const Options& options, const Loaded& loaded,
                                       const std::optional<runtime::DataRecord>& record, int threads,
                                       const runtime::Cache& cache) {
  if (record) return runtime::load_labelled(loaded.request, *record, options.inputs, threads, cache);
  runtime::Result<runtime::Dataset> data = runtime::load_dataset(loaded.request, threads, cache);
  const runtime::Status status = data ? runtime::encode_dataset(*data, {}, runtime::Normalization::kNone,
                                                                loaded.request.table.missing, threads)
                                      : runtime::Status(data.error());
  return status ? std::move(data) : status.error();
}

// The data is read while the program is compiled.
struct Ready {
  std::unique_ptr<Compiled> compiled;
  std::optional<runtime::Dataset> data;
  int exit_code = kGood;
};

Ready make_ready(const Options& options, const Loaded& loaded,
                 const std::optional<runtime::DataRecord>& record, const PipelineOptions& pipeline,
                 const runtime::Cache& cache, runtime::RunReport& report) {
  std::future<runtime::Result<runtime::Dataset>> loading =
      std::async(std::launch::async, [&] { return load(options, loaded, record, pipeline.threads, cache); });
  const double start = runtime::now_seconds();
  OrExit<Compiled> compiled = compile_trained(loaded, *options.weights, pipeline, cache);
  if (!compiled.value) return {nullptr, {}, compiled.exit_code};
  report.compile_seconds = runtime::now_seconds() - start;
  report.kernels = compiled.value->code->compiled_kernels();
  report.cached_kernels = compiled.value->code->cached_kernels();
  runtime::Result<runtime::Dataset> data = loading.get();
  if (!data) return {nullptr, {}, data_error(data.error())};
  report.load_seconds = seconds_since_start(data->loaded_at);
  return {std::move(compiled.value), std::move(*data), kGood};
}

int print_report(const Options& options, const std::vector<std::string>& notes,
                 const runtime::RunReport& report) {
  std::FILE* out = options.json == "-" ? stderr : stdout;
  for (const std::string& note : notes) fmt::print(out, "note     {}\n", note);
  fmt::print(out, "{}", runtime::closing_lines(report));
  if (!options.json) return kGood;
  if (*options.json != "-") {
    runtime::Status status = runtime::write_file_atomically(*options.json, to_json(report));
    return status ? kGood : data_error(status.error());
  }
  fmt::print("{}", to_json(report));
  return kGood;
}

int evaluate(const Options& options, const Loaded& loaded, const std::optional<runtime::DataRecord>& record,
             const PipelineOptions& pipeline) {
  runtime::RunReport report;
  const runtime::Cache cache(options.cache ? runtime::user_cache_folder() : "");
  Ready ready = make_ready(options, loaded, record, pipeline, cache, report);
  if (!ready.compiled) return ready.exit_code;
  const runtime::SampleSet& test = ready.data->test;
  // The program's `test` is about the run's own data.
  const bool all = record && std::ranges::find(options.settings, "test", [](const auto& setting) {
                               return setting.first;
                             }) == options.settings.end();
  const std::int64_t count = all ? test.count : count_test_samples(loaded.network, test.count);
  if (count == 0) return data_error({"there are no test samples", {}});
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
  if (int code = print_report(options, ready.data->notes, report); code != kGood) return code;
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
  std::optional<runtime::DataRecord> record;
  if (!options.inputs.empty() && options.file.ends_with(".net")) {
    print_error({"files to test belong to a run's folder: it knows the classes", {}});
    return kUsageError;
  }
  if (!options.inputs.empty()) {
    runtime::Result<runtime::DataRecord> kept = runtime::read_data_record(options.file);
    if (!kept) return data_error(kept.error());
    record = std::move(*kept);
  }
  OrExit<Loaded> loaded = load_program(*origin.value, options, !record, record ? &*record : nullptr);
  if (!loaded.value) return loaded.exit_code;
  std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, true);
  if (!pipeline) return kUsageError;
  // Who asks for a test alone wants to see all of it.
  for (runtime::ChosenMetric& metric : loaded.value->network.train.metrics) metric.shown = true;
  return evaluate(options, *loaded.value, record, *pipeline);
}

}  // namespace netc::driver

// `netc predict RUN INPUT...`

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <numeric>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/settings_file.h"
#include "compiler/driver/target.h"
#include "compiler/driver/trained.h"
#include "runtime/prediction_writer.h"
#include "runtime/run_folder.h"
#include "runtime/sample_reader.h"
#include "runtime/trainer.h"

namespace netc::driver {

namespace {

// Predicts in the batches that the network is compiled for. What is left of one is filled up, so that a
// sample's prediction does not depend on those beside it.
class Batch {
 public:
  Batch(const Compiled& compiled, runtime::ThreadTeam& team, const runtime::SampleForm& form)
      : team_(team),
        inference_(compiled.inference, *compiled.store, team),
        sample_(static_cast<std::size_t>(form.bytes())),
        rows_(2 * static_cast<std::size_t>(compiled.inference.batch) + runtime::kLookAhead) {
    const auto size = static_cast<std::size_t>(compiled.inference.batch);
    set_.count = compiled.inference.batch;
    set_.sample_elements = form.values();
    set_.samples = runtime::Bytes(size * sample_);
    set_.labels.resize(size);
    if (form.encoding && form.encoding->classes() == 0)
      set_.targets.resize(size * form.encoding->targets.size());
    std::iota(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(size), 0);
    std::fill_n(set_.samples.data(), set_.samples.size(), std::uint8_t{0});
    inference_.bind(set_);
  }

  // For the next samples.
  std::span<std::uint8_t> room() {
    const std::size_t taken = names_.size() * sample_;
    return {set_.samples.data() + taken, set_.samples.size() - taken};
  }
  bool is_full() const { return names_.size() == set_.labels.size(); }
  // Of the sample that comes next in the room.
  void add(const std::string& input, std::int64_t row) { names_.emplace_back(input, row); }

  void predict(runtime::PredictionWriter& writer) {
    if (names_.empty()) return;
    runtime::StepNumbers numbers;
    numbers.count = static_cast<double>(names_.size());
    team_.run([&](int thread) { inference_.step(thread, rows_.data(), numbers); });
    const std::vector<float> outputs = inference_.values(*inference_.program().output);
    const std::size_t columns = outputs.size() / set_.labels.size();
    for (std::size_t i = 0; i < names_.size(); ++i)
      writer.write(names_[i].first, names_[i].second, std::span(outputs).subspan(i * columns, columns));
    std::fflush(stdout);
    names_.clear();
  }

 private:
  runtime::ThreadTeam& team_;
  runtime::Executor inference_;
  std::size_t sample_;
  runtime::SampleSet set_;
  std::vector<std::int32_t> rows_;
  std::vector<std::pair<std::string, std::int64_t>> names_;  // inputs and rows
};

// Samples in front of an error are predicted before it is said.
int predict_input(const std::string& input, const runtime::SampleForm& form, Batch& batch,
                  runtime::PredictionWriter& writer) {
  auto stop = [&](const runtime::Error& error) {
    batch.predict(writer);
    return data_error(error);
  };
  runtime::Result<std::unique_ptr<runtime::SampleReader>> reader = runtime::open_samples(input, form);
  if (!reader) return stop(reader.error());
  for (std::int64_t row = 0; std::ferror(stdout) == 0;) {
    const runtime::Result<std::int64_t> got = (*reader)->read(batch.room());
    if (!got) return stop(got.error());
    if (*got == 0) break;
    for (std::int64_t i = 0; i < *got; ++i) batch.add(input, ++row);
    // Who writes into a pipe may wait for the answer.
    if (batch.is_full() || input == "-") batch.predict(writer);
  }
  for (const std::string& note : (*reader)->notes()) fmt::print(stderr, "note: {}\n", note);
  return kGood;
}

int predict_inputs(const Options& options, const Loaded& loaded, const runtime::DataRecord& record,
                   const Compiled& compiled, int threads) {
  const runtime::SampleForm form{record.sample_extents, loaded.network.data.images, loaded.request.encoding,
                                 threads};
  runtime::ThreadTeam team(threads);
  Batch batch(compiled, team, form);
  runtime::PredictionWriter writer(
      stdout, options.json_lines ? runtime::PredictionFormat::kJson : runtime::PredictionFormat::kCsv, record,
      makes_probabilities(loaded.network.layers.back()));
  for (const std::string& input : options.inputs)
    if (int code = predict_input(input, form, batch, writer); code != kGood) return code;
  batch.predict(writer);
  return kGood;
}

}  // namespace

int predict_command(const Options& given) {
  Options options = given;
  runtime::Result<Origin> origin = from_folder(options.file, options);
  if (!origin) return data_error(origin.error());
  options.weights = options.file + "/" + runtime::kWeightsFile;
  const runtime::Result<runtime::DataRecord> record = runtime::read_data_record(options.file);
  if (!record) return data_error(record.error());
  const OrExit<Loaded> loaded = load_program(*origin, options, false, &*record);
  if (!loaded.value) return loaded.exit_code;
  const std::optional<PipelineOptions> pipeline = pipeline_options(options.cpu, options.threads, true);
  if (!pipeline) return kUsageError;
  const runtime::Cache cache(options.cache ? runtime::user_cache_folder() : "");
  const OrExit<Compiled> compiled = compile_trained(*loaded.value, *options.weights, *pipeline, cache);
  if (!compiled.value) return compiled.exit_code;
  return predict_inputs(options, *loaded.value, *record, *compiled.value, pipeline->threads);
}

}  // namespace netc::driver

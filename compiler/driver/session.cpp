#include "compiler/driver/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/perf_map.h"
#include "compiler/driver/process.h"
#include "compiler/driver/settings_file.h"
#include "compiler/driver/testing.h"
#include "runtime/data_record.h"
#include "runtime/normalize.h"
#include "runtime/priority.h"

namespace netc::driver {

using runtime::now_seconds;

namespace {

// Where words go that nobody wants to read.
std::FILE* silence() {
  static std::FILE* const file = std::fopen("/dev/null", "w");
  return file;
}

// Of labels, where there are any.
std::vector<std::int32_t> pick(const std::vector<std::int32_t>& labels,
                               const std::vector<std::int32_t>& samples) {
  std::vector<std::int32_t> picked;
  if (labels.empty()) return picked;
  for (std::int32_t sample : samples) picked.push_back(labels[static_cast<std::size_t>(sample)]);
  return picked;
}

}  // namespace

Session::Session(const Options& options, const Origin& origin, Loaded& loaded,
                 const PipelineOptions& pipeline, std::optional<std::int64_t> fold)
    : options_(options),
      origin_(origin),
      loaded_(loaded),
      pipeline_(pipeline),
      fold_(fold),
      out_(fold                  ? silence()
           : options.json == "-" ? stderr
                                 : stdout),
      cache_(options.cache ? runtime::user_cache_folder() : "") {
  const TrainSettings& settings = loaded.network.train;
  if (settings.early_stop) early_stop_.emplace(*settings.early_stop);
  if (settings.reduce_rate) reduce_rate_.emplace(*settings.reduce_rate);
}

int Session::prepare() {
  if (options_.json && *options_.json != "-") {
    if (int code = save(*options_.json, runtime::test_writable(*options_.json)); code != kGood) return code;
  }
  if (int code = open_folder(); code != kGood) return code;
  const runtime::DataRequest request = loaded_.request;
  loading_ = std::async(std::launch::async, [this, request] {
    return runtime::load_dataset(request, pipeline_.threads, cache_, runtime::Unpack::kLater);
  });
  int code = compile_network();
  if (code == kGood) code = take_data();
  if (code != kGood) {
    discard_folder();
    return code;
  }
  compiled_->store->initialize(loaded_.network.train.seed);
  if (checkpoint_) return take_checkpoint();
  learn_data();
  return kGood;
}

int Session::open_folder() {
  if (options_.resume) {
    folder_ = *options_.resume;
    if (int code = read_checkpoint(); code != kGood) return code;
    if (int code = save(*folder_, runtime::test_writable(*folder_ + "/checkpoint.safetensors"));
        code != kGood)
      return code;
  } else if (options_.save) {
    runtime::Result<std::string> folder = runtime::create_run_folder(loaded_.network.name, options_.out);
    if (!folder) return data_error(folder.error());
    folder_ = *folder;
    if (int code = save(runtime::kProgramFile,
                        runtime::write_file_atomically(path_of(runtime::kProgramFile), origin_.text));
        code != kGood)
      return code;
    return save_settings();
  }
  return kGood;
}

int Session::save_settings() {
  return save(runtime::kSettingsFile, runtime::write_file_atomically(path_of(runtime::kSettingsFile),
                                                                     to_settings(origin_, options_)));
}

// A run that was stopped within its first epoch has none, and starts over.
int Session::read_checkpoint() {
  const std::string path = path_of(runtime::kCheckpointFile);
  if (!std::filesystem::exists(path)) return kGood;
  runtime::Result<runtime::LoadedTensors> checkpoint = runtime::load_safetensors(path);
  if (!checkpoint) return data_error(checkpoint.error());
  checkpoint_ = std::move(*checkpoint);
  return kGood;
}

// Nothing was learned: no folder is left behind. One that was there before stays.
void Session::discard_folder() {
  if (!folder_ || options_.resume) return;
  std::error_code ignored;
  for (const char* file :
       {runtime::kProgramFile, runtime::kSettingsFile, runtime::kDataFile, runtime::kEncodingFile})
    std::filesystem::remove(path_of(file), ignored);
  if (!options_.out) std::filesystem::remove(*folder_, ignored);
}

int Session::compile_network() {
  const double start = now_seconds();
  Diagnostics diagnostics;
  compiled_ = compile(loaded_.network, loaded_.sources, true, pipeline_, cache_, diagnostics);
  print_diagnostics(loaded_.sources, diagnostics);
  if (!compiled_) return kProgramError;
  report_.compile_seconds = now_seconds() - start;
  report_.kernels = compiled_->code->compiled_kernels();
  report_.cached_kernels = compiled_->code->cached_kernels();
  if (int code = save_perf_map(); code != kGood) return code;
  team_ = std::make_unique<runtime::ThreadTeam>(pipeline_.threads);
  training_ = std::make_unique<runtime::Executor>(*compiled_->training, *compiled_->store, *team_);
  inference_ = std::make_unique<runtime::Executor>(compiled_->inference, *compiled_->store, *team_);
  if (options_.profile) {
    profile_ = std::make_unique<runtime::Profile>(*compiled_->training, *team_,
                                                  static_cast<int>(pipeline_.target.floats_a_register));
    training_->observe(*profile_);
  }
  return kGood;
}

// perf wants it when netc has ended, however that was.
int Session::save_perf_map() {
  if (!options_.perf) return kGood;
  const std::string path = perf_map_path();
  return save(path, runtime::write_file_atomically(path, perf_map(*compiled_->code)));
}

// Until some steps are done, all cores are theirs.
void Session::begin_testing() {
  if (can_test_ || testing_.valid()) return;
  testing_ = std::async(std::launch::async, [this] {
    runtime::give_way();
    const double start = now_seconds();
    compile_inference(*compiled_, pipeline_.threads, cache_);
    return Testing{now_seconds() - start, runtime::unpack_samples(data_->test)};
  });
}

int Session::await_testing() {
  if (can_test_) return kGood;
  begin_testing();
  const Testing testing = testing_.get();
  can_test_ = true;
  report_.test_compile_seconds = testing.compile_seconds;
  report_.kernels = compiled_->code->compiled_kernels();
  report_.cached_kernels = compiled_->code->cached_kernels();
  if (!testing.unpacked) return data_error(testing.unpacked.error());
  return save_perf_map();
}

int Session::take_data() {
  runtime::Result<runtime::Dataset> data = loading_.get();
  if (!data) return data_error(data.error());
  data_ = std::move(*data);
  report_.load_seconds = seconds_since_start(data_->loaded_at);
  const DataSpec& spec = loaded_.network.data;
  const std::int64_t available = resolve(spec.limit, data_->train.count, data_->train.count);
  const std::vector<std::int32_t> samples = samples_to_train(available);
  const auto count = static_cast<std::int64_t>(samples.size());
  split_ = runtime::split_samples(count, resolve(spec.validation, count, 0), loaded_.network.train.seed,
                                  pick(data_->train.labels, samples));
  for (std::vector<std::int32_t>* part : {&split_.train, &split_.validation})
    for (std::int32_t& sample : *part) sample = samples[static_cast<std::size_t>(sample)];
  if (split_.train.empty()) return data_error({"the data has no sample to train on", {}});
  if (folder_) {
    const std::string record = to_json(runtime::record_of(*data_));
    if (int code =
            save(runtime::kDataFile, runtime::write_file_atomically(path_of(runtime::kDataFile), record));
        code != kGood)
      return code;
  }
  tested_ = count_test_samples(loaded_.network, data_->test.count);
  if (int code = encode_data(); code != kGood) return code;
  bind_training();
  return kGood;
}

// Rows of a table become samples, by what those that train say. Only networks of other parts need the table
// again.
int Session::encode_data() {
  const DataSpec& spec = loaded_.network.data;
  if (spec.folds == 0) loaded_.request.parts.reset();
  const runtime::Status status =
      runtime::encode_dataset(*data_, split_.train, spec.normalize.value_or(runtime::Normalization::kNone),
                              spec.table.missing, pipeline_.threads);
  if (!status) return data_error(status.error());
  if (!folder_ || !data_->encoding) return kGood;
  return save(runtime::kEncodingFile,
              runtime::write_file_atomically(path_of(runtime::kEncodingFile), to_json(*data_->encoding)));
}

// From the samples that are trained on; a run that is resumed knows it.
void Session::learn_data() {
  if (loaded_.network.train.class_weight) weigh_classes();
  const auto kind = loaded_.network.data.normalize.value_or(runtime::Normalization::kNone);
  if (kind == runtime::Normalization::kNone || !data_->bytes) return;
  const runtime::Normalizer learned = runtime::learn_normalizer(
      kind, data_->train, split_.train, data_->sample_extents.back(), pipeline_.threads);
  compiled_->store->set(runtime::kDataScale, learned.scale);
  compiled_->store->set(runtime::kDataShift, learned.shift);
}

// Balanced, classes that the samples have weigh alike: samples / (classes * samples of the class).
void Session::weigh_classes() {
  const std::vector<double>& given = loaded_.network.train.class_weight->weights;
  std::vector<float> weights(given.begin(), given.end());
  if (given.empty()) {
    std::vector<double> counts(static_cast<std::size_t>(data_->classes));
    for (std::int32_t row : split_.train) ++counts[static_cast<std::size_t>(data_->train.labels[row])];
    const auto present = static_cast<double>(std::ranges::count_if(counts, [](double n) { return n > 0; }));
    for (double count : counts)
      weights.push_back(static_cast<float>(count > 0 ? split_.train.size() / (present * count) : 0));
  }
  compiled_->store->set(kClassWeightState, weights);
}

// To the samples, or to what is made of them.
void Session::bind_training() {
  const Network& network = loaded_.network;
  if (network.data.augmentation == runtime::Augmentation{}) {
    training_->bind(data_->train);
    return;
  }
  augmented_ = std::make_unique<runtime::AugmentedBatches>(
      runtime::Augmenter(network.data.augmentation, data_->sample_extents, network.train.seed), data_->train,
      network.train.samples_a_step(), pipeline_.threads);
  training_->bind(augmented_->set());
}

int Session::take_checkpoint() {
  load_plateaus();
  if (runtime::Status status = compiled_->store->assign(checkpoint_->tensors, true); !status)
    return data_error(status.error());
  auto number = [&](const char* key) {
    return std::strtoll(checkpoint_->metadata[key].c_str(), nullptr, 10);
  };
  const auto count = static_cast<std::int64_t>(split_.train.size());
  if (number("train_samples") != count ||
      static_cast<std::uint64_t>(number("seed")) != loaded_.network.train.seed ||
      number("batch") != loaded_.network.train.batch) {
    return data_error({"the checkpoint was made with another seed, batch or number of samples",
                       {"resume with the settings of the run that is resumed; `--epochs` may grow"}});
  }
  first_epoch_ = number("epoch");
  runtime::Result<std::string> history =
      runtime::read_file(path_of(runtime::kHistoryFile), std::size_t{64} << 20);
  runtime::Result<std::vector<runtime::EpochReport>> epochs =
      history ? runtime::from_history_csv(*history) : history.error();
  if (!epochs) return data_error(epochs.error());
  report_.epochs = *epochs;
  report_.epochs.resize(std::min<std::size_t>(report_.epochs.size(), static_cast<std::size_t>(first_epoch_)));
  return kGood;
}

int Session::train() {
  const TrainSettings& settings = loaded_.network.train;
  // Options that were given anew hold from now on.
  if (options_.resume) {
    if (int code = save_settings(); code != kGood) return code;
  }
  const std::atomic<bool>& stop = catch_interrupt();
  trainer_ = std::make_unique<runtime::Trainer>(
      *training_, *team_,
      runtime::TrainingPlan{settings.epochs, settings.seed, first_epoch_, settings.shards}, split_.train,
      stop, augmented_.get());
  report_.parameters = compiled_->store->parameter_count();
  print_header();
  if (int code = cross_validate(); code != kGood) return code;
  runtime::ProgressPrinter progress(out_, is_terminal(out_), settings.epochs, trainer_->steps_per_epoch());
  for (std::int64_t epoch = first_epoch_; epoch < settings.epochs && !is_stopped(); ++epoch) {
    if (reduce_rate_) trainer_->set_rate_factor(reduce_rate_->factor());
    runtime::EpochOutcome outcome =
        trainer_->run_epoch(epoch, [&](std::int64_t steps, double seconds, double loss) {
          begin_testing();
          progress.step(epoch + 1, steps, seconds, loss);
        });
    report_.train_seconds += outcome.seconds;
    if (outcome.outcome == runtime::Outcome::kDiverged) return diverged(outcome);
    if (outcome.outcome == runtime::Outcome::kInterrupted) {
      report_.stopped = "interrupted";
      return kInterrupted;
    }
    if (int code = await_testing(); code != kGood) return code;
    exchange_averages();
    report_.epochs.push_back(report_epoch(epoch, outcome));
    progress.epoch(report_.epochs.back());
    watch(report_.epochs.back());
    exchange_averages();
    if (int code = save_checkpoint(epoch + 1); code != kGood) return code;
  }
  if (is_stopped()) report_.stopped = "early";
  return kGood;
}

// Nothing was updated by the step that diverged, so its forward pass is still there to be looked at.
int Session::diverged(const runtime::EpochOutcome& outcome) {
  report_.stopped = "diverged";
  const runtime::KernelCall* bad = training_->first_bad_call();
  runtime::Error error{fmt::format("training diverged: the loss of step {} is not finite", outcome.step), {}};
  if (bad && !bad->where.empty())
    error.hints.push_back(fmt::format("the first layer with a result that is not finite is at {} (kernel {})",
                                      bad->where, bad->name));
  error.hints.push_back(fmt::format("the weights {} are kept; try a smaller `lr`",
                                    best_.empty() ? "before this step" : "of the best epoch"));
  std::fflush(out_);
  print_error(error);
  return kDiverged;
}

runtime::EpochReport Session::report_epoch(std::int64_t epoch, const runtime::EpochOutcome& outcome) {
  runtime::EpochReport report;
  report.epoch = epoch + 1;
  report.train = outcome.scores;
  if (data_->classes == 0) report.train.accuracy.reset();
  report.seconds = outcome.seconds;
  if (!split_.validation.empty()) {
    inference_->bind(data_->train);
    report.validation =
        mean_scores(runtime::evaluate(*inference_, *team_, split_.validation), data_->classes);
  }
  return report;
}

int Session::save(const std::string& name, const runtime::Status& status) {
  if (status) return kGood;
  runtime::Error error = status.error();
  error.message = fmt::format("cannot save `{}`: {}", name, error.message);
  return data_error(error);
}

int Session::save_checkpoint(std::int64_t epochs_done) {
  if (!folder_) return kGood;
  const TrainSettings& settings = loaded_.network.train;
  runtime::LoadedTensors checkpoint{
      .tensors = compiled_->store->everything(),
      .metadata = {{"epoch", std::to_string(epochs_done)},
                   {"step", std::to_string(epochs_done * trainer_->steps_per_epoch())},
                   {"seed", std::to_string(settings.seed)},
                   {"batch", std::to_string(settings.batch)},
                   {"train_samples", std::to_string(split_.train.size())},
                   {"validation_samples", std::to_string(split_.validation.size())}}};
  save_plateaus(checkpoint);
  // History first: a run killed between the two repeats an epoch, and its line, exactly.
  if (int code = save(runtime::kHistoryFile, runtime::write_file_atomically(path_of(runtime::kHistoryFile),
                                                                            to_history_csv(report_)));
      code != kGood)
    return code;
  return save(runtime::kCheckpointFile, runtime::save_safetensors(path_of(runtime::kCheckpointFile),
                                                                  checkpoint.tensors, checkpoint.metadata));
}

}  // namespace netc::driver

#include "compiler/driver/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/process.h"
#include "compiler/driver/settings_file.h"

namespace netc::driver {

using runtime::now_seconds;

namespace {

std::vector<std::int32_t> first_samples(std::int64_t count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// The value at a share of the sorted list.
double percentile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  auto place = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

Session::Session(const Options& options, const Origin& origin, Loaded& loaded,
                 const PipelineOptions& pipeline)
    : options_(options),
      origin_(origin),
      loaded_(loaded),
      pipeline_(pipeline),
      out_(options.json == "-" ? stderr : stdout) {}

int Session::prepare() {
  if (int code = open_folder(); code != kGood) return code;
  const runtime::DataRequest request = loaded_.request;
  loading_ = std::async(std::launch::async, [request, threads = pipeline_.threads] {
    return runtime::load_dataset(request, threads);
  });
  if (int code = compile_network(); code != kGood) return code;
  if (int code = take_data(); code != kGood) return code;
  compiled_->store->initialize(loaded_.network.train.seed);
  return options_.resume ? resume() : kGood;
}

int Session::open_folder() {
  if (options_.resume) {
    folder_ = *options_.resume;
    runtime::Result<runtime::LoadedTensors> checkpoint =
        runtime::load_safetensors(*folder_ + "/checkpoint.safetensors");
    if (!checkpoint) {
      print_error(checkpoint.error());
      return kDataError;
    }
    checkpoint_ = std::move(*checkpoint);
    return kGood;
  }
  if (!options_.save) return kGood;
  runtime::Result<std::string> folder = runtime::create_run_folder(loaded_.network.name, options_.out);
  if (!folder) {
    print_error(folder.error());
    return kDataError;
  }
  folder_ = *folder;
  if (int code = save("program.net", runtime::write_file_atomically(*folder_ + "/program.net", origin_.text));
      code != kGood)
    return code;
  return save("settings.json",
              runtime::write_file_atomically(*folder_ + "/settings.json", to_settings(origin_, options_)));
}

int Session::compile_network() {
  const double start = now_seconds();
  Diagnostics diagnostics;
  compiled_ = compile(loaded_.network, loaded_.sources, true, pipeline_, diagnostics);
  print_diagnostics(loaded_.sources, diagnostics);
  if (!compiled_) return kProgramError;
  report_.compile_seconds = now_seconds() - start;
  team_ = std::make_unique<runtime::ThreadTeam>(pipeline_.threads);
  training_ = std::make_unique<runtime::Executor>(*compiled_->training, *compiled_->store, *team_);
  inference_ = std::make_unique<runtime::Executor>(compiled_->inference, *compiled_->store, *team_);
  return kGood;
}

int Session::take_data() {
  runtime::Result<runtime::Dataset> data = loading_.get();
  report_.load_seconds = seconds_since_start(now_seconds());
  if (!data) {
    print_error(data.error());
    return kDataError;
  }
  data_ = std::move(*data);
  const DataSpec& spec = loaded_.network.data;
  const std::int64_t available = resolve(spec.limit, data_->train.count, data_->train.count);
  const std::int64_t held_out = resolve(spec.validation, available, 0);
  if (held_out >= available) {
    print_error(
        {fmt::format("`validation` leaves no sample to train on: {} of {} are held out", held_out, available),
         {}});
    return kDataError;
  }
  const TrainSettings& train = loaded_.network.train;
  split_ = runtime::split_samples(available, held_out, train.seed);
  training_->bind(data_->train);
  return kGood;
}

int Session::resume() {
  if (runtime::Status status = compiled_->store->assign(checkpoint_.tensors, true); !status) {
    print_error(status.error());
    return kDataError;
  }
  auto number = [&](const char* key) { return std::strtoll(checkpoint_.metadata[key].c_str(), nullptr, 10); };
  const auto count = static_cast<std::int64_t>(split_.train.size());
  if (number("train_samples") != count ||
      static_cast<std::uint64_t>(number("seed")) != loaded_.network.train.seed ||
      number("batch") != loaded_.network.train.batch) {
    print_error({"the checkpoint was made with another seed, batch or number of samples",
                 {"resume with the settings of the run that is resumed; `--epochs` may grow"}});
    return kDataError;
  }
  first_epoch_ = number("epoch");
  runtime::Result<std::string> history = runtime::read_file(*folder_ + "/history.csv", std::size_t{64} << 20);
  runtime::Result<std::vector<runtime::EpochReport>> epochs =
      history ? runtime::from_history_csv(*history) : history.error();
  if (!epochs) {
    print_error(epochs.error());
    return kDataError;
  }
  report_.epochs = *epochs;
  report_.epochs.resize(std::min<std::size_t>(report_.epochs.size(), static_cast<std::size_t>(first_epoch_)));
  return kGood;
}

void Session::print_header() {
  const Network& network = loaded_.network;
  std::string text;
  double flops = 0;
  for (const Layer& layer : network.layers) {
    text += (text.empty() ? "" : "; ") + layer.text;
    if (layer.def) flops += static_cast<double>(layer.def->flops(layer));
  }
  constexpr std::size_t kWidth = 60;
  if (text.size() > kWidth) text = fmt::format("{} layers", network.layers.size());
  fmt::print(out_, "{:<8} {}      {} parameters, {}FLOP a prediction\n", network.name, text,
             runtime::with_commas(report_.parameters), runtime::human_count(flops));
  fmt::print(out_, "data     {}\n", data_->source);
  fmt::print(out_, "compiled {} kernels in {} for {}, {} thread{}\n\n", compiled_->kernels,
             runtime::human_seconds(report_.compile_seconds), describe(pipeline_.target), pipeline_.threads,
             pipeline_.threads == 1 ? "" : "s");
  std::fflush(out_);
}

int Session::train() {
  const TrainSettings& settings = loaded_.network.train;
  const std::atomic<bool>& stop = catch_interrupt();
  trainer_ = std::make_unique<runtime::Trainer>(
      *training_, *team_, runtime::TrainingPlan{settings.epochs, settings.seed, first_epoch_}, split_.train,
      stop);
  report_.parameters = compiled_->store->parameter_count();
  print_header();
  runtime::ProgressPrinter progress(out_, is_terminal(out_), settings.epochs, trainer_->steps_per_epoch());
  for (std::int64_t epoch = first_epoch_; epoch < settings.epochs; ++epoch) {
    runtime::EpochOutcome outcome =
        trainer_->run_epoch(epoch, [&](std::int64_t steps, double seconds, double loss) {
          progress.step(epoch + 1, steps, seconds, loss);
        });
    report_.train_seconds += outcome.seconds;
    if (outcome.outcome == runtime::Outcome::kDiverged) return diverged(outcome);
    if (outcome.outcome == runtime::Outcome::kInterrupted) {
      report_.stopped = "interrupted";
      return kInterrupted;
    }
    report_.epochs.push_back(report_epoch(epoch, outcome));
    progress.epoch(report_.epochs.back());
    if (int code = save_checkpoint(epoch + 1); code != kGood) return code;
  }
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
  error.hints.push_back("the weights before this step are kept; try a smaller `lr`");
  std::fflush(out_);
  print_error(error);
  return kDiverged;
}

runtime::Scores Session::mean(const runtime::Totals& totals) const {
  runtime::Scores scores;
  scores.loss = totals.loss / static_cast<double>(totals.samples);
  if (data_->classes > 0) scores.accuracy = totals.correct / static_cast<double>(totals.samples);
  return scores;
}

runtime::EpochReport Session::report_epoch(std::int64_t epoch, const runtime::EpochOutcome& outcome) {
  runtime::EpochReport report;
  report.epoch = epoch + 1;
  report.train = outcome.scores;
  if (data_->classes == 0) report.train.accuracy.reset();
  report.seconds = outcome.seconds;
  if (!split_.validation.empty()) {
    inference_->bind(data_->train);
    report.validation = mean(runtime::evaluate(*inference_, *team_, split_.validation));
  }
  return report;
}

int Session::save(const std::string& name, const runtime::Status& status) {
  if (status) return kGood;
  runtime::Error error = status.error();
  error.message = fmt::format("cannot save `{}`: {}", name, error.message);
  print_error(error);
  return kDataError;
}

int Session::save_checkpoint(std::int64_t epochs_done) {
  if (!folder_) return kGood;
  const TrainSettings& settings = loaded_.network.train;
  runtime::Metadata metadata{{"epoch", std::to_string(epochs_done)},
                             {"step", std::to_string(epochs_done * trainer_->steps_per_epoch())},
                             {"seed", std::to_string(settings.seed)},
                             {"batch", std::to_string(settings.batch)},
                             {"train_samples", std::to_string(split_.train.size())},
                             {"validation_samples", std::to_string(split_.validation.size())}};
  // History first: a run killed between the two repeats an epoch, and its line, exactly.
  const std::string history = *folder_ + "/history.csv", checkpoint = *folder_ + "/checkpoint.safetensors";
  if (int code = save("history.csv", runtime::write_file_atomically(history, to_history_csv(report_)));
      code != kGood)
    return code;
  return save("checkpoint.safetensors",
              runtime::save_safetensors(checkpoint, compiled_->store->everything(), metadata));
}

void Session::test() {
  const std::int64_t count = resolve(loaded_.network.data.test, data_->test.count, data_->test.count);
  if (count == 0) return;
  inference_->bind(data_->test);
  const double start = now_seconds();
  runtime::Totals totals = runtime::evaluate(*inference_, *team_, first_samples(count));
  report_.test = runtime::TestReport{mean(totals), totals.samples, now_seconds() - start};
}

void Session::fill_report() {
  const Network& network = loaded_.network;
  report_.model = network.name;
  report_.seed = network.train.seed;
  report_.threads = pipeline_.threads;
  report_.batch = network.train.batch;
  report_.step_us_p10 = percentile(trainer_->step_times(), 0.1);
  report_.step_us_median = percentile(trainer_->step_times(), 0.5);
  const double steps = static_cast<double>(trainer_->step_times().size());
  const double samples =
      steps * static_cast<double>(split_.train.size()) / static_cast<double>(trainer_->steps_per_epoch());
  report_.samples_per_second = report_.train_seconds > 0 ? samples / report_.train_seconds : 0;
  if (auto at = trainer_->first_step_at()) report_.first_step_seconds = seconds_since_start(*at);
  report_.peak_rss_bytes = peak_rss_bytes();
  report_.folder = folder_;
}

int Session::finish(int exit_code) {
  if (exit_code == kDataError) return exit_code;
  fill_report();
  if (exit_code == kGood) test();
  const std::vector<runtime::NamedTensor> weights = compiled_->store->parameters();
  report_.weights_sha256 = runtime::sha256_of(weights);
  if (folder_) {
    if (int code = save("weights.safetensors",
                        runtime::save_safetensors(*folder_ + "/weights.safetensors", weights));
        code != kGood)
      return code;
  }
  report_.total_seconds = seconds_since_start(now_seconds());
  if (folder_) {
    if (int code = save("metrics.json",
                        runtime::write_file_atomically(*folder_ + "/metrics.json", to_json(report_)));
        code != kGood)
      return code;
  }
  fmt::print(out_, "\n{}", closing_lines(report_));
  if (int code = write_json(); code != kGood) return code;
  return exit_code;
}

int Session::write_json() {
  if (!options_.json) return kGood;
  if (*options_.json == "-") {
    fmt::print("{}", to_json(report_));
    return kGood;
  }
  return save(*options_.json, runtime::write_file_atomically(*options_.json, to_json(report_)));
}

}  // namespace netc::driver

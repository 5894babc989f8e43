#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/driver/exit_codes.h"
#include "compiler/driver/process.h"
#include "compiler/driver/session.h"
#include "compiler/driver/testing.h"

// What a session says and leaves behind.

namespace netc::driver {

using runtime::now_seconds;
using runtime::on_one_line;
using runtime::with_commas;

namespace {

// The value at a share of the sorted list.
double percentile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  auto place = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// `203 kFLOP`, `304 FLOP`
std::string flop_text(double flops) {
  const std::string count = runtime::human_count(flops);
  return count + (count.find(' ') == std::string::npos ? " FLOP" : "FLOP");
}

}  // namespace

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
  fmt::print(out_, "{:<8} {}      {} parameters, {} a prediction\n", on_one_line(network.name), text,
             runtime::with_commas(report_.parameters), flop_text(flops));
  fmt::print(out_, "data     {}{}\n", data_->source, parts_in_use());
  for (const std::string& note : data_->notes) fmt::print(out_, "note     {}\n", note);
  fmt::print(out_, "compiled {} kernels in {} for {}, {} thread{}{}\n", report_.kernels,
             runtime::human_seconds(report_.compile_seconds), describe(pipeline_.target), pipeline_.threads,
             pipeline_.threads == 1 ? "" : "s", cached_text());
  fmt::print(out_, "{}\n", start_text());
  std::fflush(out_);
}

// Where not all of the data is used: `; 900 train, 100 validate, 500 test`
std::string Session::parts_in_use() const {
  const auto training = static_cast<std::int64_t>(split_.train.size());
  if (training == data_->train.count && tested_ == data_->test.count) return "";
  std::string text = fmt::format("; {} train", with_commas(training));
  if (!split_.validation.empty())
    text += fmt::format(", {} validate", with_commas(static_cast<std::int64_t>(split_.validation.size())));
  return text + (data_->test.count > 0 ? fmt::format(", {} test", with_commas(tested_)) : "");
}

// `; 9 from the cache`
std::string Session::cached_text() const {
  if (report_.cached_kernels == 0) return "";
  const bool all = report_.cached_kernels == report_.kernels;
  return fmt::format("; {} from the cache", all ? "all" : std::to_string(report_.cached_kernels));
}

std::string Session::start_text() const {
  if (!options_.resume) return "";
  const std::int64_t epochs = loaded_.network.train.epochs;
  if (first_epoch_ == 0) return "resumed  from the start: no epoch was finished\n";
  std::string text =
      fmt::format("resumed  after epoch {} of {}", first_epoch_, std::max(epochs, first_epoch_));
  if (is_stopped()) text += ": it was stopped early, and a larger `patience` would go on";
  else if (first_epoch_ >= epochs) text += ": nothing is left to train, but a larger `--epochs` would go on";
  return text + "\n";
}

int Session::test() {
  if (tested_ == 0) return kGood;
  if (int code = await_testing(); code != kGood) return code;
  report_.test =
      test_samples(loaded_.network, *data_, data_->test, first_samples(tested_), *inference_, *team_);
  return kGood;
}

void Session::fill_report() {
  const Network& network = loaded_.network;
  report_.model = network.name;
  report_.seed = network.train.seed;
  report_.threads = pipeline_.threads;
  report_.batch = network.train.batch;
  if (const auto steps = static_cast<double>(trainer_->step_times().size()); steps > 0) {
    report_.step_us_p10 = percentile(trainer_->step_times(), 0.1);
    report_.step_us_median = percentile(trainer_->step_times(), 0.5);
    const double samples =
        steps * static_cast<double>(split_.train.size()) / static_cast<double>(trainer_->steps_per_epoch());
    report_.samples_per_second = samples / report_.train_seconds;
  }
  if (auto at = trainer_->first_step_at()) report_.first_step_seconds = seconds_since_start(*at);
  report_.peak_rss_bytes = peak_rss_bytes();
  report_.folder = folder_;
  if (profile_) report_.profile = profile_->report(report_.train_seconds);
}

int Session::finish(int exit_code) {
  if (exit_code == kDataError) return exit_code;
  if (testing_.valid()) await_testing();
  keep_best();
  fill_report();
  if (exit_code == kGood) exit_code = test();
  const std::vector<runtime::NamedTensor> weights = compiled_->store->weights();
  report_.weights_sha256 = runtime::sha256_of(weights);
  if (folder_) {
    if (int code =
            save(runtime::kWeightsFile, runtime::save_safetensors(path_of(runtime::kWeightsFile), weights));
        code != kGood)
      return code;
  }
  report_.total_seconds = seconds_since_start(now_seconds());
  // A run that was finished already keeps what is known of its training.
  const bool keep =
      trainer_->step_times().empty() && folder_ && std::filesystem::exists(path_of(runtime::kMetricsFile));
  if (folder_ && !keep) {
    if (int code = save(runtime::kMetricsFile,
                        runtime::write_file_atomically(path_of(runtime::kMetricsFile), to_json(report_)));
        code != kGood)
      return code;
  }
  const bool trained = !trainer_->step_times().empty();
  fmt::print(out_, "{}{}{}", trained ? "\n" : "",
             report_.profile ? to_table(*report_.profile, report_.threads) : "", closing_lines(report_));
  if (int code = write_json(); code != kGood) return code;
  // Now that nobody waits.
  std::fflush(out_);
  runtime::keep_unpacked(*data_, cache_);
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

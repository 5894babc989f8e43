#pragma once
// What happened, as data: printed for people, written as JSON (docs/json.md lists the keys) and as
// history.csv.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cross_validation.h"
#include "runtime/metrics.h"
#include "runtime/profile.h"
#include "runtime/result.h"

namespace netc::runtime {

// Means over samples. `accuracy` is empty where the task has none.
struct Scores {
  double loss = 0;
  std::optional<double> accuracy;
};

struct EpochReport {
  std::int64_t epoch = 0;  // from 1
  Scores train;
  std::optional<Scores> validation;
  std::optional<double> seconds;  // training steps alone; empty for epochs before `--resume`
};

// The epoch whose weights came back, by the number that early_stop looked at.
struct BestReport {
  std::int64_t epoch = 0;  // from 1
  std::string monitor;     // `val_loss`
  double value = 0;
};

struct TestReport {
  Scores scores;
  std::int64_t samples = 0;
  double seconds = 0;
  std::vector<MetricResult> metrics = {};
  std::vector<std::string> class_names = {};  // empty: classes are numbers
  std::vector<std::int64_t> support = {};     // samples by class
};

struct RunReport {
  std::string model;
  std::uint64_t seed = 0;
  int threads = 1;
  std::int64_t parameters = 0;
  std::int64_t batch = 0;
  std::size_t kernels = 0, cached_kernels = 0;  // that differ; of them, those that the cache had
  double compile_seconds = 0;                   // before training
  std::optional<double> test_compile_seconds;   // beside training: what only testing needs
  std::optional<double> first_step_seconds;     // from process start to the end of the first training step
  double load_seconds = 0;                      // from process start until the data is in memory
  double total_seconds = 0;                     // from process start
  double train_seconds = 0;                     // training steps alone
  std::optional<double> step_us_p10, step_us_median, samples_per_second;  // empty without a step
  std::int64_t peak_rss_bytes = 0;
  std::vector<EpochReport> epochs;
  std::vector<FoldReport> folds;  // empty without cross-validation
  std::optional<BestReport> best;
  std::optional<TestReport> test;
  std::string weights_sha256;
  std::optional<std::string> folder;
  std::optional<ProfileReport> profile;
  std::string stopped;  // empty, or why it ended early: `early`, `interrupted`, `diverged`
};

// Stable, documented keys: model, seed, threads, parameters, batch, kernels, cached_kernels, compile_seconds,
// test_compile_seconds, first_step_seconds, load_seconds, total_seconds, train.{seconds,
// step_us.{p10,median}, samples_per_second, epochs[].{epoch,loss,accuracy,val_loss,val_accuracy,seconds}},
// peak_rss_bytes, best.{epoch,monitor,value},
// test.{loss,accuracy,samples,seconds,class_names,support,metrics[].{...}}, weights_sha256,
// folder, profile.{...}, stopped; null where there is none or a number is not finite. Ends in a newline.
std::string to_json(const RunReport& report);
// epoch,accuracy,loss,val_accuracy,val_loss: epochs from 1, numbers in as many digits as bring the same
// double back, nothing where there is none.
std::string to_history_csv(const RunReport& report);
// The reverse of to_history_csv (which knows no seconds), for --resume.
Result<std::vector<EpochReport>> from_history_csv(const std::string& text);

// The lines of the run as it goes on: a progress bar on a terminal (redrawn at most 10 times a second), one
// line an epoch elsewhere.
class ProgressPrinter {
 public:
  ProgressPrinter(std::FILE* out, bool terminal, std::int64_t epochs, std::int64_t steps);
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;
  ~ProgressPrinter();  // ends a line that is half drawn
  void step(std::int64_t epoch, std::int64_t steps_done, double seconds,
            double loss);  // terminal only; epoch from 1
  void epoch(const EpochReport& report);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::int64_t epoch, std::int64_t steps_done, const std::string& rest);

  std::FILE* out_;
  bool terminal_;
  std::int64_t epochs_, steps_;
  bool open_line_ = false;
  Clock::time_point last_drawn_;
};

// What the test says: a line of values; a table by class as scikit-learn's classification_report prints it,
// and the confusion matrix, where they are shown.
std::string test_lines(const TestReport& test);
// The closing lines: stopped, best, test, time, weights, saved, try; each where there is something to say.
std::string closing_lines(const RunReport& report);
// `0.0861`, `1.234e-05`
std::string loss_text(double loss);
// `1,234,567`; `0.43 s`, `41 ms`, `2 min 05 s`; `203 k`, `1.7 M`; `9.1 MB` (decimal units)
std::string with_commas(std::int64_t value);
// Names are a person's: line breaks and escape codes do not reach the terminal.
std::string on_one_line(std::string text);
std::string human_seconds(double seconds);
std::string human_count(double value);
std::string human_bytes(double bytes);

}  // namespace netc::runtime

#pragma once
// A training run from the loaded program to its report.

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "compiler/driver/frontend.h"
#include "compiler/driver/target.h"
#include "runtime/cache.h"
#include "runtime/plateau.h"
#include "runtime/run_folder.h"
#include "runtime/trainer.h"

namespace netc::driver {

class Session {
 public:
  // `fold`: one part of a cross-validation, from 0: it is tested, the others are trained on, and nothing is
  // said.
  Session(const Options& options, const Origin& origin, Loaded& loaded, const PipelineOptions& pipeline,
          std::optional<std::int64_t> fold = {});

  // Makes the run's folder; compiles while the data is read; takes over a checkpoint. Exit code, kGood to go
  // on.
  int prepare();
  // Epochs, validation, checkpoints. The exit code says how it ended.
  int train();
  // Test scores, weights and report, printed and saved.
  int finish(int exit_code);

 private:
  int open_folder();
  int save_settings();
  int read_checkpoint();
  void discard_folder();
  int compile_network();
  int take_data();
  std::vector<std::int32_t> samples_to_train(std::int64_t available);
  int cross_validate();
  int read_folds();
  int test_fold();
  int encode_data();
  void bind_training();
  void learn_data();
  void weigh_classes();
  int save_perf_map();
  void begin_testing();
  int await_testing();
  int take_checkpoint();
  // What early_stop and reduce_lr do (session_plateau.cpp).
  bool is_stopped() const { return early_stop_ && early_stop_->stopped(); }
  void watch(const runtime::EpochReport& epoch);
  double rate_at_end_of(std::int64_t epoch) const;
  void save_plateaus(runtime::LoadedTensors& checkpoint) const;
  void load_plateaus();
  void exchange_averages();
  void keep_best();
  void print_header();
  std::string parts_in_use() const;
  std::string cached_text() const;
  std::string start_text() const;
  int diverged(const runtime::EpochOutcome& outcome);
  runtime::EpochReport report_epoch(std::int64_t epoch, const runtime::EpochOutcome& outcome);
  int save_checkpoint(std::int64_t epochs_done);
  std::string path_of(const char* file) const { return *folder_ + "/" + file; }
  int save(const std::string& name, const runtime::Status& status);
  void fill_report();
  int test();
  int write_json();

  const Options& options_;
  const Origin& origin_;
  Loaded& loaded_;
  const PipelineOptions& pipeline_;
  const std::optional<std::int64_t> fold_;
  std::FILE* out_;  // for words; JSON alone goes to stdout with `--json -`
  const runtime::Cache cache_;
  std::optional<std::string> folder_;
  std::optional<runtime::LoadedTensors> checkpoint_;
  std::future<runtime::Result<runtime::Dataset>> loading_;
  std::optional<runtime::Dataset> data_;
  runtime::Split split_;
  std::vector<std::int32_t> fold_samples_;  // that the fold is tested on
  std::int64_t tested_ = 0;                 // samples
  std::optional<Compiled> compiled_;
  std::unique_ptr<runtime::ThreadTeam> team_;
  std::unique_ptr<runtime::Profile> profile_;
  std::unique_ptr<runtime::Executor> training_, inference_;
  std::unique_ptr<runtime::AugmentedBatches> augmented_;  // where the program asks for it
  std::unique_ptr<runtime::Trainer> trainer_;
  std::int64_t first_epoch_ = 0;
  std::optional<runtime::EarlyStop> early_stop_;
  std::optional<runtime::ReduceRate> reduce_rate_;
  std::vector<runtime::NamedTensor> best_;  // weights of the best epoch so far
  runtime::RunReport report_;
  // What only tests need, made beside the first steps: the inference program's code, the test samples.
  struct Testing {
    double compile_seconds = 0;
    runtime::Status unpacked;
  };
  std::future<Testing> testing_;  // last: it ends before what it uses
  bool can_test_ = false;
};

}  // namespace netc::driver

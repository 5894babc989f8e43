#pragma once
// Epochs over a data set, and scores of a part of it.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/augment.h"
#include "runtime/clock.h"
#include "runtime/dataset.h"
#include "runtime/executor.h"
#include "runtime/pace.h"
#include "runtime/report.h"

namespace netc::runtime {

struct TrainingPlan {
  std::int64_t epochs = 1;
  std::uint64_t seed = 0;
  std::int64_t first_epoch = 0;  // > 0: goes on from there
  std::int64_t shards = 1;       // so many steps make a batch, whose last one updates
};

enum class Outcome { kFinished, kInterrupted, kDiverged };

struct EpochOutcome {
  Outcome outcome = Outcome::kFinished;
  Scores scores;
  double seconds = 0;     // of its steps
  std::int64_t step = 0;  // the last one, counted from 1 over the run
};

// Sums over one part.
struct Totals {
  double loss = 0, correct = 0;
  std::int64_t samples = 0;
};

class Trainer {
 public:
  // `stop` is looked at before each step. `augmented`, if there is one, is bound to the executor.
  Trainer(Executor& executor, ThreadTeam& team, TrainingPlan plan, std::vector<std::int32_t> samples,
          const std::atomic<bool>& stop, AugmentedBatches* augmented = nullptr);

  // From now on the learning rate is multiplied by it.
  void set_rate_factor(double factor) { rate_factor_ = factor; }

  // Epoch `epoch` (from 0): its samples in an order of their own. `progress` is called now and then by one
  // thread, with the number of steps done and the mean loss so far.
  using Progress = std::function<void(std::int64_t steps, double seconds, double loss)>;
  EpochOutcome run_epoch(std::int64_t epoch, const Progress& progress);

  std::int64_t steps_per_epoch() const { return steps_; }
  std::int64_t updates_per_epoch() const { return (steps_ + plan_.shards - 1) / plan_.shards; }
  // Of every step so far, in microseconds.
  const std::vector<float>& step_times() const { return step_times_; }
  // Seconds since some fixed time (steady clock) when the first step was done.
  std::optional<double> first_step_at() const { return first_step_at_; }

 private:
  struct Shared;
  const std::int32_t* rows_of(int thread, std::int64_t epoch, std::int64_t i, bool alone);
  StepNumbers numbers_of(std::int64_t epoch, std::int64_t i) const;
  bool is_stopped(int thread, std::int64_t i, Shared& shared) const;
  bool take_step(int thread, std::int64_t epoch, std::int64_t i, bool alone, Shared& shared,
                 const Progress& progress);

  Executor& executor_;
  ThreadTeam& team_;
  TrainingPlan plan_;
  std::vector<std::int32_t> samples_;  // as given; each epoch starts from it
  std::vector<std::int32_t> order_;    // of the epoch, padded
  const std::atomic<bool>& stop_;
  AugmentedBatches* augmented_;
  std::int64_t batch_, steps_;
  double rate_factor_ = 1;
  Pace pace_;  // what is known of the machine holds for the next epoch, too
  std::vector<float> step_times_;
  std::optional<double> first_step_at_;
};

// Loss and hits of samples `rows` of the bound set, by an inference program. `outputs`, unless null, gets
// what the program makes of each: [rows, outputs].
Totals evaluate(Executor& executor, ThreadTeam& team, std::vector<std::int32_t> rows,
                std::vector<float>* outputs = nullptr);

}  // namespace netc::runtime

#include "runtime/trainer.h"

#include <algorithm>
#include <limits>

namespace netc::runtime {

namespace {

constexpr double kProgressSeconds = 0.1;

// Whole batches and what kernels fetch ahead: the samples again from the start.
std::vector<std::int32_t> padded(std::vector<std::int32_t> rows, std::int64_t batch) {
  const std::size_t count = rows.size();
  const std::size_t steps = (count + batch - 1) / batch;
  rows.resize(steps * batch + kLookAhead);
  for (std::size_t i = count; i < rows.size(); ++i) rows[i] = rows[i - count];
  return rows;
}

}  // namespace

// What the threads of an epoch share. Thread 0, seeing the wish to stop before step s, sets `stop_before` to
// s + 1: every thread passes a barrier of step s before it looks, so all stop at the same step.
struct Trainer::Shared {
  std::atomic<std::int64_t> stop_before{std::numeric_limits<std::int64_t>::max()};
  EpochOutcome result;
  double loss = 0, correct = 0;
};

Trainer::Trainer(Executor& executor, ThreadTeam& team, TrainingPlan plan, std::vector<std::int32_t> samples,
                 const std::atomic<bool>& stop)
    : executor_(executor),
      team_(team),
      plan_(plan),
      samples_(std::move(samples)),
      stop_(stop),
      batch_(executor.program().batch),
      steps_((static_cast<std::int64_t>(samples_.size()) + batch_ - 1) / batch_) {
  step_times_.reserve(static_cast<std::size_t>(steps_ * std::min<std::int64_t>(plan.epochs, 1000)));
}

EpochOutcome Trainer::run_epoch(std::int64_t epoch, const Progress& progress) {
  order_ = samples_;
  shuffle_epoch(order_, plan_.seed, epoch);
  order_ = padded(std::move(order_), batch_);
  Shared shared;
  const double start = now_seconds();
  team_.run([&](int thread) { run_steps(thread, epoch, shared, progress); });
  shared.result.seconds = now_seconds() - start;
  const auto counted = static_cast<double>(samples_.size());
  shared.result.scores = {shared.loss / counted, shared.correct / counted};
  return shared.result;
}

void Trainer::run_steps(int thread, std::int64_t epoch, Shared& shared, const Progress& progress) {
  const auto count = static_cast<std::int64_t>(samples_.size());
  StepNumbers numbers;
  numbers.epoch = static_cast<double>(epoch);
  numbers.total_steps = static_cast<double>(plan_.epochs * steps_);
  numbers.seed = plan_.seed;
  double before = now_seconds(), drawn = before;
  const double start = before;
  for (std::int64_t i = 0; i < steps_; ++i) {
    if (shared.stop_before.load(std::memory_order_relaxed) <= i) {
      if (thread == 0) shared.result.outcome = Outcome::kInterrupted;
      return;
    }
    if (thread == 0 && stop_.load(std::memory_order_relaxed))
      shared.stop_before.store(i + 1, std::memory_order_relaxed);
    numbers.step = static_cast<double>(epoch * steps_ + i + 1);
    numbers.count = static_cast<double>(std::min(batch_, count - i * batch_));
    const bool good = executor_.step(thread, order_.data() + i * batch_, numbers);
    if (thread == 0) {
      const double now = now_seconds();
      step_times_.push_back(static_cast<float>((now - before) * 1e6));
      if (!first_step_at_) first_step_at_ = now;
      before = now;
      shared.result.step = static_cast<std::int64_t>(numbers.step);
      shared.loss += executor_.loss_sum(0);
      shared.correct += executor_.correct(0);
      if (!good) shared.result.outcome = Outcome::kDiverged;
      if (now - drawn > kProgressSeconds) {
        drawn = now;
        progress(i + 1, now - start, shared.loss / static_cast<double>(std::min((i + 1) * batch_, count)));
      }
    }
    if (!good) return;
  }
}

Totals evaluate(Executor& executor, ThreadTeam& team, std::vector<std::int32_t> rows) {
  const std::int64_t batch = executor.program().batch;
  Totals totals;
  totals.samples = static_cast<std::int64_t>(rows.size());
  rows = padded(std::move(rows), batch);
  team.run([&](int thread) {
    for (std::int64_t begin = 0; begin < totals.samples; begin += batch) {
      StepNumbers numbers;
      numbers.count = static_cast<double>(std::min(batch, totals.samples - begin));
      executor.step(thread, rows.data() + begin, numbers);
      if (thread != 0) continue;
      totals.loss += executor.loss_sum(0);
      totals.correct += executor.correct(0);
    }
  });
  return totals;
}

}  // namespace netc::runtime

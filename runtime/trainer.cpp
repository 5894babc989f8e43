#include "runtime/trainer.h"

#include <algorithm>
#include <limits>

#include "runtime/pace.h"

namespace netc::runtime {

namespace {

constexpr double kProgressSeconds = 0.1;

// Whole batches and what kernels fetch ahead: the samples again from the start.
std::vector<std::int32_t> padded(std::vector<std::int32_t> rows, std::int64_t batch) {
  const std::size_t count = rows.size();
  const std::size_t steps = (count + batch - 1) / batch;
  rows.resize((steps + 1) * batch + kLookAhead);
  for (std::size_t i = count; i < rows.size(); ++i) rows[i] = rows[i - count];
  return rows;
}

}  // namespace

// What the threads of an epoch share. Thread 0, seeing the wish to stop before step s, sets `stop_before` to
// s + 1: every thread passes a barrier of step s before it looks, so all stop at the same step.
struct Trainer::Shared {
  std::atomic<std::int64_t> stop_before{std::numeric_limits<std::int64_t>::max()};
  explicit Shared(Pace& pace) : steps(pace) {}
  Steps steps;
  // Of thread 0.
  EpochOutcome result;
  double loss = 0, correct = 0;
  double start = 0, before = 0, drawn = 0;
};

Trainer::Trainer(Executor& executor, ThreadTeam& team, TrainingPlan plan, std::vector<std::int32_t> samples,
                 const std::atomic<bool>& stop, AugmentedBatches* augmented)
    : executor_(executor),
      team_(team),
      plan_(plan),
      samples_(std::move(samples)),
      stop_(stop),
      augmented_(augmented),
      batch_(executor.program().batch),
      steps_((static_cast<std::int64_t>(samples_.size()) + batch_ - 1) / batch_) {
  step_times_.reserve(static_cast<std::size_t>(steps_ * std::min<std::int64_t>(plan.epochs, 1000)));
}

EpochOutcome Trainer::run_epoch(std::int64_t epoch, const Progress& progress) {
  order_ = samples_;
  shuffle_epoch(order_, plan_.seed, epoch);
  order_ = padded(std::move(order_), batch_);
  Shared shared(pace_);
  const double start = now_seconds();
  shared.start = shared.before = shared.drawn = start;
  team_.run([&](int thread) {
    take_steps(team_, shared.steps, thread, steps_, [&](std::int64_t i, bool alone) {
      return !is_stopped(thread, i, shared) && take_step(thread, epoch, i, alone, shared, progress);
    });
  });
  shared.result.seconds = now_seconds() - start;
  const auto counted = static_cast<double>(samples_.size());
  shared.result.scores = {shared.loss / counted, shared.correct / counted};
  return shared.result;
}

bool Trainer::is_stopped(int thread, std::int64_t i, Shared& shared) const {
  if (shared.stop_before.load(std::memory_order_relaxed) <= i) {
    if (thread == 0) shared.result.outcome = Outcome::kInterrupted;
    return true;
  }
  if (thread == 0 && stop_.load(std::memory_order_relaxed))
    shared.stop_before.store(i + 1, std::memory_order_relaxed);
  return false;
}

// The batch's samples in the bound set.
const std::int32_t* Trainer::rows_of(int thread, std::int64_t epoch, std::int64_t i, bool alone) {
  const std::int32_t* rows = order_.data() + i * batch_;
  if (augmented_ == nullptr) return rows;
  rows = augmented_->make(thread, alone ? 1 : team_.size(), epoch, i, rows);
  if (!alone) team_.meet();
  return rows;
}

StepNumbers Trainer::numbers_of(std::int64_t epoch, std::int64_t i) const {
  const auto count = static_cast<std::int64_t>(samples_.size());
  const std::int64_t whole = batch_ * plan_.shards, shard = i % plan_.shards;
  auto number = [](std::int64_t value) { return static_cast<double>(value); };
  return {.step = number(epoch * steps_ + i + 1),
          .epoch = number(epoch),
          .total_steps = number(plan_.epochs * updates_per_epoch()),
          .count = number(std::min(batch_, count - i * batch_)),
          .rate_factor = rate_factor_,
          .update = number(epoch * updates_per_epoch() + i / plan_.shards + 1),
          .batch_count = number(std::min(whole, count - i / plan_.shards * whole)),
          .first_shard = shard == 0 ? 1.0 : 0.0,
          .last_shard = shard == plan_.shards - 1 || i == steps_ - 1 ? 1.0 : 0.0,
          .seed = plan_.seed};
}

bool Trainer::take_step(int thread, std::int64_t epoch, std::int64_t i, bool alone, Shared& shared,
                        const Progress& progress) {
  const auto count = static_cast<std::int64_t>(samples_.size());
  const StepNumbers numbers = numbers_of(epoch, i);
  const bool good = executor_.step(thread, rows_of(thread, epoch, i, alone), numbers, alone);
  if (thread != 0) return good;
  const double now = now_seconds();
  step_times_.push_back(static_cast<float>((now - shared.before) * 1e6));
  if (!first_step_at_) first_step_at_ = now;
  shared.before = now;
  shared.result.step = static_cast<std::int64_t>(numbers.step);
  shared.loss += executor_.loss_sum(0);
  shared.correct += executor_.correct(0);
  if (!good) shared.result.outcome = Outcome::kDiverged;
  if (now - shared.drawn > kProgressSeconds) {
    shared.drawn = now;
    progress(i + 1, now - shared.start, shared.loss / static_cast<double>(std::min((i + 1) * batch_, count)));
  }
  return good;
}

namespace {

// The step's outputs, when all threads have made theirs, and before one makes the next.
void collect(const Executor& executor, ThreadTeam& team, int thread, bool alone, double count,
             std::vector<float>& outputs) {
  if (!alone) team.meet();
  if (thread == 0) {
    const std::vector<float> batch = executor.values(*executor.program().output);
    const std::size_t columns = batch.size() / static_cast<std::size_t>(executor.program().batch);
    outputs.insert(outputs.end(), batch.begin(),
                   batch.begin() + static_cast<std::ptrdiff_t>(count) * static_cast<std::ptrdiff_t>(columns));
  }
  if (!alone) team.meet();
}

}  // namespace

Totals evaluate(Executor& executor, ThreadTeam& team, std::vector<std::int32_t> rows,
                std::vector<float>* outputs) {
  const std::int64_t batch = executor.program().batch;
  Totals totals;
  totals.samples = static_cast<std::int64_t>(rows.size());
  rows = padded(std::move(rows), batch);
  Pace pace;
  Steps steps(pace);
  team.run([&](int thread) {
    take_steps(team, steps, thread, (totals.samples + batch - 1) / batch, [&](std::int64_t i, bool alone) {
      StepNumbers numbers;
      numbers.count = static_cast<double>(std::min(batch, totals.samples - i * batch));
      executor.step(thread, rows.data() + i * batch, numbers, alone);
      if (outputs != nullptr) collect(executor, team, thread, alone, numbers.count, *outputs);
      if (thread != 0) return true;
      totals.loss += executor.loss_sum(0);
      totals.correct += executor.correct(0);
      return true;
    });
  });
  return totals;
}

}  // namespace netc::runtime

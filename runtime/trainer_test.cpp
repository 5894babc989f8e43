// Store, executor and trainer with kernels that are written by hand: a linear model y = w * x with the loss
// (y - label)^2 / 2, trained by plain gradient descent.

#include "runtime/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace netc::runtime {
namespace {

constexpr std::int64_t kBatch = 4;
constexpr double kRate = 0.01;

enum Buffer : std::size_t { kSamples, kLabels, kNumbers, kWeight, kOutputs, kLoss, kCorrect, kBuffers };

// args: samples, numbers, weight, outputs. A tile is a sample.
void forward(void* const* args, std::int64_t begin, std::int64_t end) {
  const auto& samples = *static_cast<const BatchRows*>(args[0]);
  const float w = *static_cast<const float*>(args[2]);
  for (std::int64_t b = begin; b < end; ++b)
    static_cast<float*>(args[3])[b] = w * static_cast<const std::uint8_t*>(samples.data)[samples.rows[b]];
}

// args: labels, numbers, outputs, loss, correct
void loss(void* const* args, std::int64_t, std::int64_t) {
  const auto& labels = *static_cast<const BatchRows*>(args[0]);
  const auto count = static_cast<std::int64_t>(static_cast<const StepNumbers*>(args[1])->count);
  float sum = 0, correct = 0;
  for (std::int64_t b = 0; b < count; ++b) {
    const auto label = static_cast<float>(static_cast<const std::int32_t*>(labels.data)[labels.rows[b]]);
    const float off = static_cast<const float*>(args[2])[b] - label;
    sum += off * off / 2;
    correct += std::fabs(off) < 0.5f;
  }
  *static_cast<float*>(args[3]) = sum;
  *static_cast<float*>(args[4]) = correct;
}

// args: samples, labels, numbers, outputs, weight
void update(void* const* args, std::int64_t, std::int64_t) {
  const auto& samples = *static_cast<const BatchRows*>(args[0]);
  const auto& labels = *static_cast<const BatchRows*>(args[1]);
  const double count = static_cast<const StepNumbers*>(args[2])->count;
  float gradient = 0;
  for (std::int64_t b = 0; b < static_cast<std::int64_t>(count); ++b) {
    const auto label = static_cast<float>(static_cast<const std::int32_t*>(labels.data)[labels.rows[b]]);
    gradient += (static_cast<const float*>(args[3])[b] - label) *
                static_cast<const std::uint8_t*>(samples.data)[samples.rows[b]];
  }
  *static_cast<float*>(args[4]) -= static_cast<float>(kRate / count) * gradient;
}

KernelCall call(const char* name, KernelFunction function, std::vector<std::size_t> arguments,
                std::vector<std::size_t> writes) {
  KernelCall call;
  call.name = name;
  call.function = function;
  call.barrier_before = true;
  call.arguments = std::move(arguments);
  call.writes = std::move(writes);
  return call;
}

class Linear {
 public:
  explicit Linear(float start) {
    StoredTensor weight{"w", {1}, true, {Start::Kind::kConstant, start}, {1, 1, 1, 0, 16}, 64};
    program.batch = kBatch;
    program.buffers.resize(kBuffers);
    const Place places[] = {Place::kSamples, Place::kLabels,  Place::kNumbers, Place::kPersistent,
                            Place::kArena,   Place::kPrivate, Place::kPrivate};
    for (std::size_t i = 0; i < kBuffers; ++i) program.buffers[i].place = places[i];
    for (std::size_t i : {kSamples, kLabels, kNumbers}) program.buffers[i].is_float = false;
    program.buffers[kWeight].tensor = store.add(weight);
    program.buffers[kOutputs].layout.columns = kBatch;
    program.buffers[kLoss].offset = 64;
    program.arena_bytes = 128;
    program.private_bytes = 64;
    program.calls = {call("forward", forward, {kSamples, kNumbers, kWeight, kOutputs}, {kOutputs}),
                     call("loss", loss, {kLabels, kNumbers, kOutputs, kLoss, kCorrect}, {kLoss}),
                     call("update", update, {kSamples, kLabels, kNumbers, kOutputs, kWeight}, {kWeight})};
    program.calls[0].tiles = kBatch;
    program.calls[1].replicated = true;
    program.check_before = 2;
    program.loss_sum = kLoss;
    store.allocate();
    store.initialize(0);
  }
  float weight() const { return *store.data(0); }

  Program program;
  Store store;
};

// The label is twice the sample.
SampleSet samples(std::int64_t count) {
  SampleSet set;
  set.count = count;
  set.sample_elements = 1;
  set.samples = Bytes(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    set.samples.data()[i] = static_cast<std::uint8_t>(1 + i % 7);
    set.labels.push_back(static_cast<std::int32_t>(2 * (1 + i % 7)));
  }
  return set;
}

std::vector<std::int32_t> all_of(std::int64_t count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

const std::atomic<bool> kGoOn{false};

TEST(TrainerThreads, LearnTheSameForAnyNumber) {
  const SampleSet set = samples(30);
  std::vector<float> weights;
  for (int threads : {1, 2, 3, 8}) {
    Linear model(0);
    ThreadTeam team(threads);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    Trainer trainer(executor, team, {20, 1, 0}, all_of(30), kGoOn);
    EXPECT_EQ(trainer.steps_per_epoch(), 8);
    for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
      const EpochOutcome outcome = trainer.run_epoch(epoch, [](std::int64_t, double, double) {});
      EXPECT_EQ(outcome.outcome, Outcome::kFinished);
      EXPECT_EQ(outcome.step, 8 * (epoch + 1));
    }
    EXPECT_EQ(trainer.step_times().size(), 160u);
    weights.push_back(model.weight());
  }
  EXPECT_NEAR(weights[0], 2, 1e-3);
  EXPECT_EQ(weights, std::vector<float>(4, weights[0]));
}

TEST(TrainerThreads, ResumedIsTheSame) {
  const SampleSet set = samples(30);
  auto run = [&](float start, std::int64_t first, std::int64_t last) {
    Linear model(start);
    ThreadTeam team(2);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    Trainer trainer(executor, team, {6, 1, first}, all_of(30), kGoOn);
    for (std::int64_t epoch = first; epoch < last; ++epoch)
      trainer.run_epoch(epoch, [](std::int64_t, double, double) {});
    return model.weight();
  };
  EXPECT_EQ(run(run(0.5f, 0, 2), 2, 6), run(0.5f, 0, 6));
}

TEST(TrainerThreads, StopTogether) {
  const SampleSet set = samples(4000);
  for (int threads : {1, 2, 4}) {
    Linear model(0);
    ThreadTeam team(threads);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    std::atomic<bool> stop{true};
    Trainer trainer(executor, team, {5, 1, 0}, all_of(4000), stop);
    const EpochOutcome outcome = trainer.run_epoch(0, [](std::int64_t, double, double) {});
    EXPECT_EQ(outcome.outcome, Outcome::kInterrupted);
    EXPECT_LE(outcome.step, 2);
  }
}

TEST(TrainerThreads, DivergeBeforeTheUpdate) {
  const SampleSet set = samples(30);
  for (int threads : {1, 2, 4}) {
    Linear model(1e30f);
    ThreadTeam team(threads);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    Trainer trainer(executor, team, {5, 1, 0}, all_of(30), kGoOn);
    const EpochOutcome outcome = trainer.run_epoch(0, [](std::int64_t, double, double) {});
    EXPECT_EQ(outcome.outcome, Outcome::kDiverged);
    EXPECT_EQ(outcome.step, 1);
    EXPECT_EQ(model.weight(), 1e30f);
    ASSERT_NE(executor.first_bad_call(), nullptr);
    EXPECT_EQ(executor.first_bad_call()->name, "loss");
  }
}

TEST(TrainerThreads, ProfilesSeeEveryCallAndChangeNothing) {
  const SampleSet set = samples(30);
  std::vector<float> weights;
  for (bool profiled : {false, true}) {
    Linear model(0);
    ThreadTeam team(2);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    Profile profile(model.program, team, 4);
    if (profiled) executor.observe(profile);
    Trainer trainer(executor, team, {3, 1, 0}, all_of(30), kGoOn);
    double seconds = 0;
    for (std::int64_t epoch = 0; epoch < 3; ++epoch)
      seconds += trainer.run_epoch(epoch, [](std::int64_t, double, double) {}).seconds;
    weights.push_back(model.weight());
    const ProfileReport report = profile.report(seconds);
    EXPECT_EQ(report.steps, profiled ? 24 : 0);
    for (const ProfiledKernel& kernel : report.kernels) EXPECT_EQ(kernel.calls, report.steps) << kernel.name;
  }
  EXPECT_EQ(weights[0], weights[1]);
}

TEST(Executor, FindsNothingBadWhereAllIsFinite) {
  const SampleSet set = samples(30);
  Linear model(1);
  ThreadTeam team(1);
  Executor executor(model.program, model.store, team);
  executor.bind(set);
  const std::vector<std::int32_t> rows = all_of(30);
  StepNumbers numbers;
  numbers.count = kBatch;
  team.run([&](int thread) { EXPECT_TRUE(executor.step(thread, rows.data(), numbers)); });
  EXPECT_EQ(executor.values(kOutputs), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(executor.first_bad_call(), nullptr);
}

// 30 samples in batches of 4: the last has 2, and counts by them.
TEST(TrainerThreads, ShortBatchesCountByTheirSize) {
  const SampleSet set = samples(30);
  double wanted = 0;
  for (std::int64_t i = 0; i < 30; ++i) wanted += std::pow(1.0 + static_cast<double>(i % 7), 2) / 2;
  for (int threads : {1, 3}) {
    Linear model(1);
    model.program.calls.pop_back();
    ThreadTeam team(threads);
    Executor executor(model.program, model.store, team);
    executor.bind(set);
    const Totals totals = evaluate(executor, team, all_of(30));
    EXPECT_EQ(totals.samples, 30);
    EXPECT_EQ(totals.loss, wanted);
    Trainer trainer(executor, team, {1, 1, 0}, all_of(30), kGoOn);
    EXPECT_NEAR(trainer.run_epoch(0, [](std::int64_t, double, double) {}).scores.loss, wanted / 30, 1e-12);
  }
}

}  // namespace
}  // namespace netc::runtime

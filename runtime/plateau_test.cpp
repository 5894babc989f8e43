#include "runtime/plateau.h"

#include <cmath>

#include <gtest/gtest.h>

namespace netc::runtime {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

// keras/callbacks/early_stopping.py, on_epoch_end: `wait += 1`; better than best by more than min_delta:
// best, best_epoch and wait = 0; else stopped where wait >= patience and it is not the first epoch.
struct Stopped {
  std::int64_t after = 0, best = 0;  // epochs from 1; after 0: never
  friend bool operator==(const Stopped&, const Stopped&) = default;
};
std::ostream& operator<<(std::ostream& out, const Stopped& stopped) {
  return out << "stopped after " << stopped.after << ", best " << stopped.best;
}

// Between epochs the state goes through a checkpoint, as that of a run that is killed and resumed.
Stopped run(const EarlyStopSettings& settings, const std::vector<double>& values) {
  Metadata checkpoint;
  for (std::size_t i = 0; i < values.size(); ++i) {
    EarlyStop stop(settings);
    stop.load(checkpoint);
    const auto epoch = static_cast<std::int64_t>(i + 1);
    const bool best = stop.observe(epoch, values[i]);
    EXPECT_EQ(best, stop.best_epoch() == epoch);
    if (stop.stopped()) return {epoch, stop.best_epoch()};
    stop.save(checkpoint);
  }
  EarlyStop stop(settings);
  stop.load(checkpoint);
  return {0, stop.best_epoch()};
}

EarlyStopSettings stop_settings(std::int64_t patience, double min_delta = 0, bool accuracy = false) {
  return {
      .monitor = {.validation = true, .accuracy = accuracy}, .patience = patience, .min_delta = min_delta};
}

TEST(EarlyStop, EpochByEpochAsKerasDocuments) {
  EXPECT_EQ(run(stop_settings(2), {3, 2, 1, 1.5, 1.25, 0.5}), (Stopped{5, 3}));
  // An epoch that is better starts the count anew.
  EXPECT_EQ(run(stop_settings(2), {3, 4, 2, 3, 1, 2, 2}), (Stopped{7, 5}));
  // As good is not better.
  EXPECT_EQ(run(stop_settings(3), {1, 1, 1, 1, 1}), (Stopped{4, 1}));
  EXPECT_EQ(run(stop_settings(1), {1, 1}), (Stopped{2, 1}));
  // Without patience: as soon as it is no better.
  EXPECT_EQ(run(stop_settings(0), {3, 2, 2.5, 1}), (Stopped{3, 2}));
  EXPECT_EQ(run(stop_settings(5), {5, 4, 3, 2, 1}), (Stopped{0, 5}));
}

TEST(EarlyStop, LessThanMinDeltaIsNotBetter) {
  EXPECT_EQ(run(stop_settings(2, 0.5), {3, 2.75, 2.5, 1}), (Stopped{3, 1}));
  EXPECT_EQ(run(stop_settings(2, 0.5), {3, 2.75, 2.25, 2, 1.9, 0}), (Stopped{5, 3}));
}

TEST(EarlyStop, AccuracyGrows) {
  EXPECT_EQ(run(stop_settings(2, 0, true), {0.5, 0.75, 0.5, 0.625, 1}), (Stopped{4, 2}));
  EXPECT_EQ(run(stop_settings(1, 0.25, true), {0.5, 0.75, 1}), (Stopped{2, 1}));
}

TEST(EarlyStop, ANumberThatIsNoneIsNeverBetter) {
  EXPECT_EQ(run(stop_settings(2), {kNaN, kNaN, kNaN}), (Stopped{2, 1}));
  EXPECT_EQ(run(stop_settings(2), {kNaN, 3, kNaN, kNaN}), (Stopped{4, 2}));
  // Not after the first epoch alone.
  EXPECT_EQ(run(stop_settings(1), {kNaN, 3, 4}), (Stopped{3, 2}));
}

// The rate of each epoch behind the first, for a constant rate of 1.
std::vector<double> run(const ReduceRateSettings& settings, const std::vector<double>& values) {
  std::vector<double> rates;
  Metadata checkpoint;
  double rate = 1;
  for (double value : values) {
    ReduceRate reduce(settings);
    reduce.load(checkpoint);
    const bool reduced = reduce.observe(value, rate);
    const double next = std::max(reduce.factor(), settings.least);
    EXPECT_EQ(reduced, next < rate);
    rate = next;
    rates.push_back(rate);
    reduce.save(checkpoint);
  }
  return rates;
}

ReduceRateSettings reduce_settings(std::int64_t patience) {
  return {.monitor = {}, .factor = 0.5, .patience = patience, .min_delta = 0};
}

using Rates = std::vector<double>;

// keras/callbacks/reduce_lr_on_plateau.py, on_epoch_end.
TEST(ReduceRate, EpochByEpochAsKerasDocuments) {
  EXPECT_EQ(run(reduce_settings(2), {3, 2, 2, 2, 1, 1, 1, 1, 1}),
            (Rates{1, 1, 1, .5, .5, .5, .25, .25, .125}));
  EXPECT_EQ(run(reduce_settings(1), {3, 3, 3, 2, 2}), (Rates{1, .5, .25, .25, .125}));
  EXPECT_EQ(run(reduce_settings(0), {3, 3, 2, 2}), (Rates{1, .5, .5, .25}));
}

TEST(ReduceRate, ItNeverGoesBelowTheLeast) {
  ReduceRateSettings settings = reduce_settings(1);
  settings.least = 0.3;
  EXPECT_EQ(run(settings, {3, 3, 3, 3, 3}), (Rates{1, .5, .3, .3, .3}));
}

TEST(ReduceRate, LessThanMinDeltaIsNotBetter) {
  ReduceRateSettings settings = reduce_settings(2);
  settings.min_delta = 0.5;
  EXPECT_EQ(run(settings, {3, 2.75, 2.5, 2, 1.75, 1.5}), (Rates{1, 1, .5, .5, .5, .25}));
}

// In the cooldown no epoch is counted; it ends before the epoch in which it becomes 0 is looked at.
TEST(ReduceRate, AfterAReductionItWaitsForTheCooldown) {
  ReduceRateSettings settings = reduce_settings(1);
  settings.cooldown = 2;
  EXPECT_EQ(run(settings, {3, 3, 3, 3, 3, 3, 3}), (Rates{1, .5, .5, .25, .25, .125, .125}));
  settings.cooldown = 3;
  EXPECT_EQ(run(settings, {3, 3, 3, 3, 3, 3, 3, 3}), (Rates{1, .5, .5, .5, .25, .25, .25, .125}));
  // What is better in the cooldown is still the best.
  settings.cooldown = 2;
  EXPECT_EQ(run(settings, {3, 3, 1, 2, 2}), (Rates{1, .5, .5, .25, .25}));
}

TEST(ReduceRate, AccuracyGrows) {
  ReduceRateSettings settings = reduce_settings(2);
  settings.monitor.accuracy = true;
  EXPECT_EQ(run(settings, {0.5, 0.75, 0.75, 0.5, 1, 0.5}), (Rates{1, 1, 1, .5, .5, .5}));
}

}  // namespace
}  // namespace netc::runtime

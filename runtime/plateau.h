#pragma once
// What happens when training stops getting better: early_stop, and reduce_lr. Both look at one number after
// each epoch, and are what Keras documents as EarlyStopping and ReduceLROnPlateau (keras/callbacks).

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/report.h"
#include "runtime/run_folder.h"

namespace netc::runtime {

// Which number: `val_loss`.
struct Monitor {
  bool validation = true;  // else of the samples that are trained on
  bool accuracy = false;   // else the loss

  std::string_view name() const;
  // Of an epoch that has it.
  double value(const EpochReport& epoch) const;
  // Whether `value` is better than `best` by more than `least`.
  bool improves(double value, double best, double least) const;
  // Worse than any.
  double worst() const;
};

struct EarlyStopSettings {
  Monitor monitor;
  std::int64_t patience = 10;
  double min_delta = 0;
};

struct ReduceRateSettings {
  Monitor monitor;
  double factor = 0.1;
  std::int64_t patience = 10;
  double least = 0;  // `min=`
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
};

// Stops when `patience` epochs in a row were no better than the best one.
class EarlyStop {
 public:
  explicit EarlyStop(const EarlyStopSettings& settings)
      : settings_(settings), best_(settings.monitor.worst()) {}

  // After epoch `epoch` (from 1). Whether it is the best so far.
  bool observe(std::int64_t epoch, double value);
  bool stopped() const { return wait_ > 0 && wait_ >= settings_.patience && epoch_ > 1; }
  std::int64_t best_epoch() const { return best_epoch_; }  // 0: none yet
  const EarlyStopSettings& settings() const { return settings_; }

  // For a checkpoint. `load` leaves everything as it is where there is nothing.
  void save(Metadata& metadata) const;
  void load(const Metadata& metadata);

 private:
  EarlyStopSettings settings_;
  double best_;
  std::int64_t epoch_ = 0, best_epoch_ = 0, wait_ = 0;
};

// Multiplies the learning rate by `factor` when `patience` epochs in a row were no better than the best one.
class ReduceRate {
 public:
  explicit ReduceRate(const ReduceRateSettings& settings)
      : settings_(settings), best_(settings.monitor.worst()) {}

  // After an epoch, with the learning rate that its last step had. Whether the rate is reduced.
  bool observe(double value, double rate);
  // The learning rates times this, but not less than `least`.
  double factor() const { return factor_; }
  const ReduceRateSettings& settings() const { return settings_; }

  void save(Metadata& metadata) const;
  void load(const Metadata& metadata);

 private:
  ReduceRateSettings settings_;
  double best_, factor_ = 1;
  std::int64_t wait_ = 0, cooling_ = 0;
};

}  // namespace netc::runtime

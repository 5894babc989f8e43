#include "runtime/plateau.h"

#include <fmt/format.h>

#include <cstdlib>

namespace netc::runtime {
namespace {

// Numbers that a checkpoint's texts bring back to the bit.
double read(const Metadata& metadata, const std::string& key, double otherwise) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? otherwise : std::strtod(found->second.c_str(), nullptr);
}

std::int64_t read(const Metadata& metadata, const std::string& key, std::int64_t otherwise) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
}

}  // namespace

std::string_view Monitor::name() const {
  if (accuracy) return validation ? "val_accuracy" : "accuracy";
  return validation ? "val_loss" : "loss";
}

double Monitor::value(const EpochReport& epoch) const {
  const Scores& scores = validation ? *epoch.validation : epoch.train;
  return accuracy ? *scores.accuracy : scores.loss;
}

// A NaN is never better.
bool Monitor::improves(double value, double best, double least) const {
  return accuracy ? value - least > best : value + least < best;
}

double Monitor::worst() const {
  const double infinity = std::numeric_limits<double>::infinity();
  return accuracy ? -infinity : infinity;
}

bool EarlyStop::observe(std::int64_t epoch, double value) {
  epoch_ = epoch;
  ++wait_;
  // The first epoch is the best so far, whatever it is.
  const bool better = settings_.monitor.improves(value, best_, settings_.min_delta);
  if (better) {
    best_ = value;
    wait_ = 0;
  }
  const bool best = better || best_epoch_ == 0;
  if (best) best_epoch_ = epoch;
  return best;
}

void EarlyStop::save(Metadata& metadata) const {
  metadata["early_stop.best"] = fmt::format("{}", best_);
  metadata["early_stop.epoch"] = std::to_string(epoch_);
  metadata["early_stop.best_epoch"] = std::to_string(best_epoch_);
  metadata["early_stop.wait"] = std::to_string(wait_);
}

void EarlyStop::load(const Metadata& metadata) {
  best_ = read(metadata, "early_stop.best", best_);
  best_epoch_ = read(metadata, "early_stop.best_epoch", best_epoch_);
  epoch_ = read(metadata, "early_stop.epoch", epoch_);
  wait_ = read(metadata, "early_stop.wait", wait_);
}

bool ReduceRate::observe(double value, double rate) {
  if (cooling_ > 0) {
    --cooling_;
    wait_ = 0;
  }
  const Monitor& monitor = settings_.monitor;
  // Keras compares with best -+ min_delta here, and with value +- min_delta when it stops early.
  const double bar = monitor.accuracy ? best_ + settings_.min_delta : best_ - settings_.min_delta;
  if (monitor.improves(value, bar, 0)) {
    best_ = value;
    wait_ = 0;
    return false;
  }
  if (cooling_ > 0 || ++wait_ < settings_.patience || rate <= settings_.least) return false;
  factor_ *= settings_.factor;
  cooling_ = settings_.cooldown;
  wait_ = 0;
  return true;
}

void ReduceRate::save(Metadata& metadata) const {
  metadata["reduce_lr.best"] = fmt::format("{}", best_);
  metadata["reduce_lr.factor"] = fmt::format("{}", factor_);
  metadata["reduce_lr.wait"] = std::to_string(wait_);
  metadata["reduce_lr.cooling"] = std::to_string(cooling_);
}

void ReduceRate::load(const Metadata& metadata) {
  best_ = read(metadata, "reduce_lr.best", best_);
  factor_ = read(metadata, "reduce_lr.factor", factor_);
  wait_ = read(metadata, "reduce_lr.wait", wait_);
  cooling_ = read(metadata, "reduce_lr.cooling", cooling_);
}

}  // namespace netc::runtime

#include <fmt/format.h>

#include "compiler/driver/session.h"
#include "compiler/support/check.h"

// What a session does when training stops getting better, and which weights it ends with.

namespace netc::driver {

namespace {

// Of tensors in a checkpoint: the best weights so far.
constexpr std::string_view kBest = "best.";

}  // namespace

// The rate of the epoch's last step.
double Session::rate_at_end_of(std::int64_t epoch) const {
  const TrainSettings& settings = loaded_.network.train;
  const OptimizerRule& rule = settings.optimizer;
  const auto updates = static_cast<double>(trainer_->updates_per_epoch());
  std::vector<double> operands(rule.operand_norm(0));
  const double step = static_cast<double>(epoch) * updates;
  operands[rule.operand_step()] = step;
  operands[rule.operand_epoch()] = static_cast<double>(epoch - 1);
  operands[rule.operand_progress()] = (step - 1) / (static_cast<double>(settings.epochs) * updates);
  operands[rule.operand_rate_factor()] = reduce_rate_->factor();
  return graph::evaluate(*rule.rate, operands);
}

void Session::watch(const runtime::EpochReport& epoch) {
  if (early_stop_ && early_stop_->observe(epoch.epoch, early_stop_->settings().monitor.value(epoch)))
    best_ = compiled_->store->weights();
  if (!reduce_rate_) return;
  const runtime::ReduceRateSettings& settings = reduce_rate_->settings();
  if (!reduce_rate_->observe(settings.monitor.value(epoch), rate_at_end_of(epoch.epoch))) return;
  fmt::print(out_, "         lr is {:.3g} from here: {} did not improve for {} epoch{}\n",
             rate_at_end_of(epoch.epoch), settings.monitor.name(), settings.patience,
             settings.patience == 1 ? "" : "s");
}

void Session::save_plateaus(runtime::LoadedTensors& checkpoint) const {
  if (early_stop_) early_stop_->save(checkpoint.metadata);
  if (reduce_rate_) reduce_rate_->save(checkpoint.metadata);
  for (const runtime::NamedTensor& tensor : best_) {
    checkpoint.tensors.push_back(tensor);
    checkpoint.tensors.back().name.insert(0, kBest);
  }
}

void Session::load_plateaus() {
  std::vector<runtime::NamedTensor> rest;
  for (runtime::NamedTensor& tensor : checkpoint_->tensors) {
    const bool best = tensor.name.starts_with(kBest);
    if (best) tensor.name.erase(0, kBest.size());
    (best ? best_ : rest).push_back(std::move(tensor));
  }
  checkpoint_->tensors = std::move(rest);
  if (early_stop_) early_stop_->load(checkpoint_->metadata);
  else best_.clear();
  if (reduce_rate_) reduce_rate_->load(checkpoint_->metadata);
}

// What is trained, and what predicts, where that is a mean of it. Before the first step there is none.
void Session::exchange_averages() {
  const bool stepped = first_epoch_ > 0 || !trainer_->step_times().empty();
  if (loaded_.network.train.average && stepped) compiled_->store->exchange(kAverageState);
}

// The weights that the run ends with.
void Session::keep_best() {
  if (best_.empty()) return exchange_averages();
  const runtime::Status status = compiled_->store->assign(best_, false);
  NETC_CHECK(status.operator bool(), "the best weights are the network's own");
  const std::int64_t epoch = early_stop_->best_epoch();
  const runtime::Monitor& monitor = early_stop_->settings().monitor;
  report_.best = runtime::BestReport{epoch, std::string(monitor.name()),
                                     monitor.value(report_.epochs[static_cast<std::size_t>(epoch - 1)])};
}

}  // namespace netc::driver

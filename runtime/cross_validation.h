#pragma once
// What `cv=` measures: each part of the training samples is tested by a network that was trained on the
// others.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/metrics.h"
#include "runtime/result.h"

namespace netc::runtime {

struct FoldReport {
  std::int64_t samples = 0;
  double loss = 0;
  std::vector<MetricResult> metrics;  // values alone

  friend bool operator==(const FoldReport&, const FoldReport&) = default;
};

// Means over the parts and their standard errors; `parts` of a score are those of each. First the metrics,
// then `loss`, which has no `metric`.
std::vector<MetricResult> means_of(std::span<const FoldReport> folds);

// `fold 2/5  accuracy 96.00 %   loss 0.1402`
std::string fold_line(const FoldReport& fold, std::int64_t number, std::int64_t folds);
// `cv       accuracy 96.00 % ± 0.82   loss 0.1402 ± 0.0123`
std::string cross_validation_line(std::span<const FoldReport> folds);

// folds.json in a run's folder, where a run that is resumed finds the parts that are done. `chosen`: the
// run's metrics.
std::string to_json(std::span<const FoldReport> folds);
Result<std::vector<FoldReport>> folds_from_json(const std::string& text,
                                                std::span<const ChosenMetric> chosen);

}  // namespace netc::runtime

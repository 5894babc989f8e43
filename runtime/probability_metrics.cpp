// Metrics of the probabilities that a network gives to classes.

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/metrics.h"

namespace netc::runtime {

namespace {

// Probabilities are kept this far from 0 and 1, so that one that is wrong and certain does not make a mean
// infinite.
constexpr double kLeast = std::numeric_limits<double>::epsilon();

}  // namespace

MetricScore log_loss(const Predictions& predictions, std::int64_t) {
  std::vector<double> losses;
  const auto columns = static_cast<std::size_t>(predictions.columns);
  for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
    double sum = 0, right = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const double probability = std::clamp(predictions.scores[i * columns + c], kLeast, 1 - kLeast);
      sum += probability;
      if (static_cast<std::int32_t>(c) == predictions.labels[i]) right = probability;
    }
    losses.push_back(-std::log(right / sum));
  }
  return mean_score(losses);
}

MetricScore perplexity(const Predictions& predictions, std::int64_t) {
  MetricScore result;
  if (const MetricScore loss = log_loss(predictions, 0); loss.value) result.value = std::exp(*loss.value);
  return result;
}

// Guo et al. 2017: bin i takes what lies above i / bins, and up to (i + 1) / bins.
MetricScore calibration_error(const Predictions& predictions, std::int64_t bins) {
  struct Bin {
    double right = 0, probability = 0;
  };
  std::vector<Bin> filled(static_cast<std::size_t>(bins));
  const auto columns = static_cast<std::size_t>(predictions.columns);
  for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
    const double probability =
        predictions.scores[i * columns + static_cast<std::size_t>(predictions.predicted[i])];
    const auto place = static_cast<std::int64_t>(std::ceil(probability * static_cast<double>(bins))) - 1;
    Bin& bin = filled[static_cast<std::size_t>(std::clamp<std::int64_t>(place, 0, bins - 1))];
    bin.probability += probability;
    bin.right += predictions.labels[i] == predictions.predicted[i] ? 1 : 0;
  }
  MetricScore result;
  double sum = 0;
  for (const Bin& bin : filled) sum += std::abs(bin.right - bin.probability);
  if (predictions.samples > 0) result.value = sum / static_cast<double>(predictions.samples);
  return result;
}

}  // namespace netc::runtime

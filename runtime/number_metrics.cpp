// Metrics of numbers that are predicted. Where there are several of a sample, a metric is the mean of theirs.

#include <cmath>

#include "runtime/metrics.h"

namespace netc::runtime {
namespace {

// The mean over samples of the mean over a sample's numbers; `parts` are the means of each number.
template <typename Error>
MetricScore mean_error(const Predictions& predictions, Error error) {
  const auto columns = static_cast<std::size_t>(predictions.columns);
  std::vector<double> of_samples, of_columns(columns);
  for (std::size_t i = 0; i < predictions.scores.size(); i += columns) {
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const double one = error(predictions.scores[i + c] - predictions.targets[i + c]);
      sum += one;
      of_columns[c] += one;
    }
    of_samples.push_back(sum / static_cast<double>(columns));
  }
  MetricScore result = mean_score(of_samples);
  for (double sum : of_columns) result.parts.emplace_back(sum / static_cast<double>(of_samples.size()));
  return result;
}

std::optional<double> mean_of(const std::vector<std::optional<double>>& parts) {
  double sum = 0;
  for (const std::optional<double>& part : parts) {
    if (!part) return std::nullopt;
    sum += *part;
  }
  return sum / static_cast<double>(parts.size());
}

// 1 - sum of squared errors / sum of squared distances from the mean. Targets that are all equal are
// predicted exactly, or not at all. One sample alone has no variance.
std::optional<double> determination_of(const Predictions& predictions, std::size_t column) {
  const auto columns = static_cast<std::size_t>(predictions.columns);
  if (predictions.samples < 2) return std::nullopt;
  double mean = 0, errors = 0, distances = 0;
  for (std::size_t i = column; i < predictions.targets.size(); i += columns) mean += predictions.targets[i];
  mean /= static_cast<double>(predictions.samples);
  for (std::size_t i = column; i < predictions.targets.size(); i += columns) {
    const double error = predictions.targets[i] - predictions.scores[i],
                 distance = predictions.targets[i] - mean;
    errors += error * error;
    distances += distance * distance;
  }
  if (distances == 0) return errors == 0 ? 1 : 0;
  return 1 - errors / distances;
}

}  // namespace

MetricScore mean_squared_error(const Predictions& predictions, std::int64_t) {
  return mean_error(predictions, [](double error) { return error * error; });
}

MetricScore mean_absolute_error(const Predictions& predictions, std::int64_t) {
  return mean_error(predictions, [](double error) { return std::abs(error); });
}

MetricScore root_mean_squared_error(const Predictions& predictions, std::int64_t) {
  MetricScore result;
  for (const std::optional<double>& part : mean_squared_error(predictions, 0).parts)
    result.parts.emplace_back(std::sqrt(*part));
  result.value = mean_of(result.parts);
  return result;
}

MetricScore determination(const Predictions& predictions, std::int64_t) {
  MetricScore result;
  for (std::int64_t c = 0; c < predictions.columns; ++c)
    result.parts.push_back(determination_of(predictions, static_cast<std::size_t>(c)));
  result.value = mean_of(result.parts);
  return result;
}

}  // namespace netc::runtime

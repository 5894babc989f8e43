#pragma once
// How good predictions are: pure functions of what a network says and what is the case, in double. They are
// those of scikit-learn, ties and absent classes included; metrics.cpp has a row for each.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netc::runtime {

// Of `samples`; exactly one of `labels` and `targets` is filled.
struct Predictions {
  std::int64_t samples = 0;
  std::int64_t columns = 1;             // classes, or the numbers that are predicted of a sample
  std::vector<double> scores;           // [samples, columns]: the greater, the likelier; or the numbers
  bool probabilities = false;           // a sample's scores are not negative and add up to 1
  std::vector<std::int32_t> labels;     // [samples]
  std::vector<std::int32_t> predicted;  // [samples], by the greatest score; of equal ones the first
  std::vector<double> targets;          // [samples, columns]
};

// Of a network's outputs [samples, classes]; or of a single one, which says how likely the second of two
// classes is: it is predicted above one half.
Predictions predictions_of_classes(std::span<const float> outputs, std::span<const std::int32_t> labels,
                                   std::int64_t classes, bool probabilities);
// Of outputs and targets [samples, columns].
Predictions predictions_of_numbers(std::span<const float> outputs, std::span<const float> targets,
                                   std::int64_t columns);

// What a metric says; empty where it is not defined, as the ranking of one class alone.
struct MetricScore {
  std::optional<double> value;
  std::optional<double> standard_error;           // where the value is a mean over samples, and there are two
  std::optional<double> weighted;                 // the mean of `parts`, each weighted by its samples
  std::vector<std::optional<double>> parts;       // of each class, or each number that is predicted
  std::vector<std::vector<std::int64_t>> matrix;  // samples by class (row) and predicted class (column)

  friend bool operator==(const MetricScore&, const MetricScore&) = default;
};

enum class MetricTask : std::uint8_t { kClasses, kNumbers };

struct MetricParameter {
  std::string_view name;
  std::int64_t standard = 0, least = 0, most = 0;
};

struct Metric {
  std::string_view name;
  MetricTask task;
  std::string_view meaning;       // one line, for documentation
  std::string_view heading = {};  // over a column of classes, where it has one
  bool share = false;             // is shown in percent
  bool needs_probabilities = false;
  std::optional<MetricParameter> parameter = {};
  MetricScore (*score)(const Predictions&, std::int64_t parameter) = nullptr;
};

std::span<const Metric> metrics();
const Metric* find_metric(std::string_view name);

// `top_k(3)`
struct ChosenMetric {
  const Metric* metric = nullptr;
  std::int64_t parameter = 0;
  bool shown = true;  // in words; JSON has all

  friend bool operator==(const ChosenMetric&, const ChosenMetric&) = default;
};
// Where a program chooses none: all that need no choice, of which a few are shown.
std::vector<ChosenMetric> standard_metrics(MetricTask task, std::int64_t classes, bool probabilities);

// `top_3`
std::string name_of(const ChosenMetric& chosen);

struct MetricResult {
  std::string name;  // `accuracy`, `top_3`
  const Metric* metric = nullptr;
  bool shown = true;
  MetricScore score;

  friend bool operator==(const MetricResult&, const MetricResult&) = default;
};
// Predictions that are not finite have no score.
std::vector<MetricResult> measure(std::span<const ChosenMetric> chosen, const Predictions& predictions);

// Samples by class.
std::vector<std::int64_t> support(const Predictions& predictions);

// A mean over samples, and its standard error.
MetricScore mean_score(std::span<const double> values);

// The rows' functions that do not stand in metrics.cpp.
MetricScore roc_auc(const Predictions& predictions, std::int64_t);
MetricScore average_precision(const Predictions& predictions, std::int64_t);
MetricScore log_loss(const Predictions& predictions, std::int64_t);
MetricScore perplexity(const Predictions& predictions, std::int64_t);
MetricScore calibration_error(const Predictions& predictions, std::int64_t bins);
MetricScore mean_squared_error(const Predictions& predictions, std::int64_t);
MetricScore root_mean_squared_error(const Predictions& predictions, std::int64_t);
MetricScore mean_absolute_error(const Predictions& predictions, std::int64_t);
MetricScore determination(const Predictions& predictions, std::int64_t);

}  // namespace netc::runtime

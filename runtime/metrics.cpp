#include "runtime/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netc::runtime {
namespace {

// Of one class: samples that are of it, that are predicted to be, and that are both.
struct ClassCounts {
  std::int64_t actual = 0, predicted = 0, both = 0;
};

std::vector<ClassCounts> count_classes(const Predictions& predictions) {
  std::vector<ClassCounts> counts(static_cast<std::size_t>(predictions.columns));
  for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(predictions.labels[i]);
    const auto predicted = static_cast<std::size_t>(predictions.predicted[i]);
    ++counts[label].actual;
    ++counts[predicted].predicted;
    if (label == predicted) ++counts[label].both;
  }
  return counts;
}

double ratio(std::int64_t part, std::int64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

// The mean over the classes that occur among the labels or the predictions. A ratio of nothing counts as 0.
template <typename Score>
MetricScore by_class(const Predictions& predictions, Score score) {
  MetricScore result;
  double sum = 0, weighted = 0, classes = 0;
  for (const ClassCounts& counts : count_classes(predictions)) {
    if (counts.actual + counts.predicted == 0) {
      result.parts.emplace_back();
      continue;
    }
    const double part = score(counts);
    result.parts.emplace_back(part);
    sum += part;
    classes += 1;
    weighted += part * static_cast<double>(counts.actual);
  }
  if (classes == 0) return result;
  result.value = sum / classes;
  result.weighted = weighted / static_cast<double>(predictions.samples);
  return result;
}

MetricScore precision(const Predictions& predictions, std::int64_t) {
  return by_class(predictions,
                  [](const ClassCounts& counts) { return ratio(counts.both, counts.predicted); });
}

MetricScore recall(const Predictions& predictions, std::int64_t) {
  return by_class(predictions, [](const ClassCounts& counts) { return ratio(counts.both, counts.actual); });
}

MetricScore f1(const Predictions& predictions, std::int64_t) {
  return by_class(predictions, [](const ClassCounts& counts) {
    return ratio(2 * counts.both, counts.predicted + counts.actual);
  });
}

MetricScore accuracy(const Predictions& predictions, std::int64_t) {
  std::vector<double> right;
  for (std::size_t i = 0; i < predictions.labels.size(); ++i)
    right.push_back(predictions.labels[i] == predictions.predicted[i] ? 1 : 0);
  return mean_score(right);
}

// Of equal scores, the later class counts as the likelier, as scikit-learn has it.
MetricScore top_k(const Predictions& predictions, std::int64_t k) {
  std::vector<double> right;
  const auto columns = static_cast<std::size_t>(predictions.columns);
  for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
    const double* scores = &predictions.scores[i * columns];
    const auto label = static_cast<std::size_t>(predictions.labels[i]);
    std::int64_t before = 0;
    for (std::size_t c = 0; c < columns; ++c)
      before += scores[c] > scores[label] || (scores[c] == scores[label] && c > label);
    right.push_back(before < k ? 1 : 0);
  }
  return mean_score(right);
}

MetricScore confusion(const Predictions& predictions, std::int64_t) {
  const auto classes = static_cast<std::size_t>(predictions.columns);
  MetricScore result;
  result.matrix.assign(classes, std::vector<std::int64_t>(classes));
  for (std::size_t i = 0; i < predictions.labels.size(); ++i)
    ++result.matrix[static_cast<std::size_t>(predictions.labels[i])]
                   [static_cast<std::size_t>(predictions.predicted[i])];
  return result;
}

constexpr MetricTask kClasses = MetricTask::kClasses, kNumbers = MetricTask::kNumbers;

// A metric is a row here, and a function.
constexpr Metric kMetrics[] = {
    {.name = "accuracy",
     .task = kClasses,
     .meaning = "share of the samples whose class is right",
     .share = true,
     .score = accuracy},
    {.name = "top_k",
     .task = kClasses,
     .meaning = "share of the samples whose class is among the `k` likeliest",
     .share = true,
     .parameter = {{"k", 5, 1, 1'000'000}},
     .score = top_k},
    {.name = "precision",
     .task = kClasses,
     .meaning = "of the samples predicted to be of a class, the share that is",
     .heading = "precision",
     .score = precision},
    {.name = "recall",
     .task = kClasses,
     .meaning = "of the samples of a class, the share predicted to be",
     .heading = "recall",
     .score = recall},
    {.name = "f1",
     .task = kClasses,
     .meaning = "harmonic mean of precision and recall",
     .heading = "f1-score",
     .score = f1},
    {.name = "auc",
     .task = kClasses,
     .meaning = "area under the ROC curve of a class against the others",
     .score = roc_auc},
    {.name = "average_precision",
     .task = kClasses,
     .meaning = "mean precision over the recalls of a class, the likeliest samples first",
     .score = average_precision},
    {.name = "confusion",
     .task = kClasses,
     .meaning = "samples by class and predicted class",
     .score = confusion},
    {.name = "log_loss",
     .task = kClasses,
     .meaning = "mean of -log of the probability of the right class",
     .needs_probabilities = true,
     .score = log_loss},
    {.name = "perplexity",
     .task = kClasses,
     .meaning = "exp of `log_loss`",
     .needs_probabilities = true,
     .score = perplexity},
    {.name = "calibration",
     .task = kClasses,
     .meaning = "how far the predicted class's probability is from its accuracy: a mean over `bins` of equal "
                "width (the expected calibration error)",
     .share = true,
     .needs_probabilities = true,
     .parameter = {{"bins", 15, 1, 10'000}},
     .score = calibration_error},
    {.name = "mse", .task = kNumbers, .meaning = "mean of the squared error", .score = mean_squared_error},
    {.name = "rmse", .task = kNumbers, .meaning = "root of `mse`", .score = root_mean_squared_error},
    {.name = "mae",
     .task = kNumbers,
     .meaning = "mean of the error's magnitude",
     .score = mean_absolute_error},
    {.name = "r2",
     .task = kNumbers,
     .meaning = "share of the targets' variance that is predicted; below 0 where their mean would be better",
     .score = determination},
};

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

const Metric* find_metric(std::string_view name) {
  const auto* found = std::ranges::find(kMetrics, name, &Metric::name);
  return found == std::end(kMetrics) ? nullptr : found;
}

std::vector<ChosenMetric> standard_metrics(MetricTask task, std::int64_t classes, bool probabilities) {
  std::vector<ChosenMetric> chosen;
  auto is_shown = [&](const Metric& metric) {
    if (task == MetricTask::kNumbers) return metric.name != "mse";
    return metric.name == "accuracy" || (metric.name == "auc" && classes == 2);
  };
  for (const Metric& metric : kMetrics) {
    if (metric.task != task || (metric.needs_probabilities && !probabilities)) continue;
    // Those with a parameter, and what another says in other words, are for who asks for them.
    if (metric.parameter || metric.name == "perplexity") continue;
    chosen.push_back({&metric, 0, is_shown(metric)});
  }
  return chosen;
}

std::string name_of(const ChosenMetric& chosen) {
  const Metric& metric = *chosen.metric;
  if (metric.name == "top_k") return fmt::format("top_{}", chosen.parameter);
  return std::string(metric.name);
}

std::vector<MetricResult> measure(std::span<const ChosenMetric> chosen, const Predictions& predictions) {
  const bool finite = std::ranges::all_of(predictions.scores, [](double x) { return std::isfinite(x); });
  std::vector<MetricResult> results;
  for (const ChosenMetric& wish : chosen) {
    results.push_back({name_of(wish), wish.metric, wish.shown, {}});
    if (finite && predictions.samples > 0)
      results.back().score = wish.metric->score(predictions, wish.parameter);
  }
  return results;
}

std::vector<std::int64_t> support(const Predictions& predictions) {
  std::vector<std::int64_t> counts;
  for (const ClassCounts& of_class : count_classes(predictions)) counts.push_back(of_class.actual);
  return counts;
}

MetricScore mean_score(std::span<const double> values) {
  MetricScore result;
  if (values.empty()) return result;
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  result.value = mean;
  if (values.size() < 2) return result;
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  result.standard_error = std::sqrt(squares / (count - 1) / count);
  return result;
}

Predictions predictions_of_classes(std::span<const float> outputs, std::span<const std::int32_t> labels,
                                   std::int64_t classes, bool probabilities) {
  Predictions result;
  result.samples = static_cast<std::int64_t>(labels.size());
  result.columns = classes;
  result.probabilities = probabilities;
  result.labels.assign(labels.begin(), labels.end());
  if (outputs.size() == labels.size()) {
    for (float output : outputs) {
      result.scores.push_back(1 - double{output});
      result.scores.push_back(output);
      result.predicted.push_back(output > 0.5f ? 1 : 0);
    }
    return result;
  }
  result.scores.assign(outputs.begin(), outputs.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row =
        outputs.subspan(i * static_cast<std::size_t>(classes), static_cast<std::size_t>(classes));
    result.predicted.push_back(static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return result;
}

Predictions predictions_of_numbers(std::span<const float> outputs, std::span<const float> targets,
                                   std::int64_t columns) {
  Predictions result;
  result.columns = columns;
  result.samples = static_cast<std::int64_t>(outputs.size()) / columns;
  result.scores.assign(outputs.begin(), outputs.end());
  result.targets.assign(targets.begin(), targets.end());
  return result;
}

}  // namespace netc::runtime

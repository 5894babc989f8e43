#include "runtime/cross_validation.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "runtime/metrics_text.h"

namespace netc::runtime {
namespace {

using Json = nlohmann::ordered_json;

MetricResult loss_of(const FoldReport& fold) {
  MetricResult result{"loss", nullptr, true, {}};
  result.score.value = fold.loss;
  return result;
}

// Not defined where it is not in one of the parts.
MetricScore mean_over(std::span<const MetricResult> results) {
  std::vector<double> values;
  MetricScore score;
  for (const MetricResult& result : results) {
    score.parts.push_back(result.score.value);
    if (result.score.value) values.push_back(*result.score.value);
  }
  if (values.size() < results.size()) return score;
  const MetricScore mean = mean_score(values);
  score.value = mean.value;
  score.standard_error = mean.standard_error;
  return score;
}

std::string line_of(std::string_view title, std::span<const MetricResult> results) {
  std::vector<std::string> values;
  for (const MetricResult& result : results)
    if (result.shown) values.push_back(fmt::format("{} {}", result.name, value_text(result)));
  return value_line(title, values);
}

FoldReport fold_from_json(const Json& json, std::span<const ChosenMetric> chosen) {
  FoldReport fold{json.at("samples").get<std::int64_t>(), json.at("loss").get<double>(), {}};
  for (const ChosenMetric& wish : chosen) {
    MetricResult result{name_of(wish), wish.metric, wish.shown, {}};
    if (!json.at("metrics").contains(result.name)) continue;
    const Json& value = json["metrics"][result.name];
    if (!value.is_null()) result.score.value = value.get<double>();
    fold.metrics.push_back(std::move(result));
  }
  return fold;
}

}  // namespace

std::vector<MetricResult> means_of(std::span<const FoldReport> folds) {
  std::vector<MetricResult> means, of_one;
  if (folds.empty()) return means;
  for (std::size_t m = 0; m <= folds[0].metrics.size(); ++m) {
    of_one.clear();
    for (const FoldReport& fold : folds)
      of_one.push_back(m < fold.metrics.size() ? fold.metrics[m] : loss_of(fold));
    means.push_back(of_one[0]);
    means.back().score = mean_over(of_one);
  }
  return means;
}

std::string fold_line(const FoldReport& fold, std::int64_t number, std::int64_t folds) {
  std::vector<MetricResult> results = fold.metrics;
  results.push_back(loss_of(fold));
  return line_of(fmt::format("fold {:>{}}/{} ", number, fmt::formatted_size("{}", folds), folds), results);
}

std::string cross_validation_line(std::span<const FoldReport> folds) {
  return line_of("cv", means_of(folds));
}

std::string to_json(std::span<const FoldReport> folds) {
  Json list = Json::array();
  for (const FoldReport& fold : folds) {
    Json metrics = Json::object();
    for (const MetricResult& result : fold.metrics)
      metrics[result.name] = result.score.value ? Json(*result.score.value) : Json(nullptr);
    list.push_back({{"samples", fold.samples}, {"loss", fold.loss}, {"metrics", std::move(metrics)}});
  }
  return list.dump(2) + "\n";
}

Result<std::vector<FoldReport>> folds_from_json(const std::string& text,
                                                std::span<const ChosenMetric> chosen) {
  try {
    std::vector<FoldReport> folds;
    for (const Json& fold : Json::parse(text)) folds.push_back(fold_from_json(fold, chosen));
    return folds;
  } catch (const Json::exception& error) {
    return Error{fmt::format("folds.json is damaged: {}", error.what()), {}};
  }
}

}  // namespace netc::runtime

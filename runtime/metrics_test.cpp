#include "runtime/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "runtime/report.h"

namespace netc::runtime {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-6;

json recorded() {
  std::ifstream file(NETC_SOURCE_DIR "/tests/reference/metrics.json");
  return json::parse(file).at("cases");
}

template <typename T>
std::vector<T> flat(const json& rows) {
  std::vector<T> values;
  for (const json& row : rows) {
    if (row.is_array()) values.insert(values.end(), row.begin(), row.end());
    else values.push_back(row);
  }
  return values;
}

Predictions predictions_of(const json& recorded) {
  const std::vector<float> outputs = flat<float>(recorded.at("outputs"));
  const std::int64_t classes = recorded.at("classes");
  if (classes > 0)
    return predictions_of_classes(outputs, flat<std::int32_t>(recorded.at("labels")), classes, true);
  return predictions_of_numbers(outputs, flat<float>(recorded.at("targets")),
                                recorded.at("outputs")[0].size());
}

ChosenMetric chosen(const std::string& name) {
  if (name.starts_with("top_")) return {find_metric("top_k"), std::stol(name.substr(4))};
  const Metric* metric = find_metric(name);
  return {metric, metric->parameter ? metric->parameter->standard : 0};
}

void expect_equal(const std::optional<double>& value, const json& wanted, const std::string& what) {
  ASSERT_EQ(value.has_value(), !wanted.is_null()) << what;
  if (!value) return;
  EXPECT_NEAR(*value, wanted.get<double>(), kTolerance * std::max(1.0, std::abs(*value))) << what;
}

TEST(Metrics, AreScikitLearns) {
  for (const json& one : recorded()) {
    const Predictions predictions = predictions_of(one);
    for (const auto& [name, wanted] : one.at("metrics").items()) {
      const std::string what = one.at("name").get<std::string>() + ": " + name;
      const MetricResult result = measure(std::array{chosen(name)}, predictions)[0];
      EXPECT_EQ(result.name, name);
      expect_equal(result.score.value, wanted.at("value"), what);
      if (wanted.contains("weighted"))
        expect_equal(result.score.weighted, wanted["weighted"], what + ", weighted");
      if (wanted.contains("standard_error"))
        expect_equal(result.score.standard_error, wanted["standard_error"], what + ", its error");
      for (std::size_t i = 0; wanted.contains("parts") && i < wanted["parts"].size(); ++i)
        expect_equal(result.score.parts.at(i), wanted["parts"][i], what + ", part " + std::to_string(i));
    }
  }
}

TEST(Metrics, EachIsRecorded) {
  std::string names;
  for (const json& one : recorded())
    for (const auto& [name, wanted] : one.at("metrics").items()) names += " " + name + " ";
  for (const Metric& metric : metrics()) {
    if (metric.name == "confusion") continue;
    const std::string name = metric.name == "top_k" ? "top_3" : std::string(metric.name);
    EXPECT_NE(names.find(" " + name + " "), names.npos) << name;
  }
}

TEST(Metrics, ConfusionIsScikitLearns) {
  for (const json& one : recorded()) {
    if (!one.contains("confusion")) continue;
    const MetricResult result = measure(std::array{chosen("confusion")}, predictions_of(one))[0];
    EXPECT_EQ(json(result.score.matrix), one["confusion"]) << one["name"];
  }
}

// All but the line of values and what netc says beyond.
TEST(Metrics, TableIsClassificationReport) {
  const std::array wanted{chosen("precision"), chosen("recall"), chosen("f1")};
  for (const json& one : recorded()) {
    if (!one.contains("report")) continue;
    const Predictions predictions = predictions_of(one);
    TestReport report{{},           predictions.samples, 0, measure(wanted, predictions),
                      one["names"], support(predictions)};
    report.scores.accuracy = one["metrics"]["accuracy"]["value"];
    const std::string text = test_lines(report);
    EXPECT_EQ(text.substr(0, text.find('\n')), "test     loss 0.0000");
    std::string table = text.substr(text.find('\n') + 2);
    table.pop_back();
    if (const std::size_t more = table.find("\nnot among"); more != table.npos) table.resize(more);
    EXPECT_EQ(table, one["report"].get<std::string>()) << one["name"];
  }
}

TEST(Metrics, ClassesThatDoNotOccurAreNamed) {
  const Predictions predictions =
      predictions_of_classes(std::array{0.9f, 0.1f, 0.f, 0.2f, 0.8f, 0.f}, std::array{0, 0}, 3, true);
  TestReport report{
      {0.5, 0.5},          2, 0, measure(std::array{chosen("recall")}, predictions), {"a", "b", "c\n"},
      support(predictions)};
  EXPECT_EQ(test_lines(report),
            "test     loss 0.5000\n"
            "\n"
            "                 recall   support\n"
            "\n"
            "           a     0.5000         2\n"
            "           b     0.0000         0\n"
            "\n"
            "    accuracy     0.5000         2\n"
            "   macro avg     0.2500         2\n"
            "weighted avg     0.5000         2\n"
            "\n"
            "not among these samples, and never predicted: c \n\n");
}

TEST(Metrics, LineAndMatrix) {
  const Predictions predictions = predictions_of_classes(
      std::array{0.9f, 0.1f, 0.f, 0.2f, 0.8f, 0.f, 0.f, 0.f, 1.f}, std::array{0, 0, 2}, 3, true);
  const std::array wanted{chosen("accuracy"), chosen("top_2"), chosen("auc"), chosen("log_loss"),
                          chosen("confusion")};
  std::vector<MetricResult> results = measure(wanted, predictions);
  results[2].shown = false;
  TestReport report{{0.5, 2. / 3}, 3, 0, std::move(results), {}, support(predictions)};
  EXPECT_EQ(
      test_lines(report),
      "test     accuracy 66.67 % ± 33.33   top_2 100.00 % ± 0.00   log_loss 0.5716 ± 0.5198   loss 0.5000\n"
      "\n"
      "is \\ predicted     0     1     2\n"
      "             0     1     1     0\n"
      "             1     0     0     0\n"
      "             2     0     0     1\n\n");
}

// A matrix that fits no screen is told in words.
TEST(Metrics, ManyClassesAreToldByWhatIsConfusedMost) {
  std::vector<float> outputs(21 * 6);
  const std::array<std::int32_t, 6> labels{0, 1, 1, 2, 2, 3};
  const std::array<std::size_t, 6> predicted{5, 20, 20, 4, 3, 3};
  for (std::size_t i = 0; i < labels.size(); ++i) outputs[21 * i + predicted[i]] = 1;
  const Predictions predictions = predictions_of_classes(outputs, labels, 21, true);
  TestReport report{{0.5, 1. / 6},       6, 0, measure(std::array{chosen("confusion")}, predictions), {},
                    support(predictions)};
  EXPECT_EQ(test_lines(report),
            "test     loss 0.5000\n"
            "\n"
            "most often taken for another class:\n"
            "        2  1 for 20\n"
            "        1  0 for 5\n"
            "        1  2 for 3\n"
            "        1  2 for 4\n\n");
}

TEST(Metrics, NumbersHaveFiveDigits) {
  const Predictions predictions =
      predictions_of_numbers(std::array{1000.f, 2000.f}, std::array{1500.f, 2300.f}, 1);
  const std::array wanted{chosen("mse"), chosen("rmse"), chosen("mae"), chosen("r2")};
  EXPECT_EQ(test_lines({{0.5, {}}, 2, 0, measure(wanted, predictions)}),
            "test     mse 170000 ± 80000   rmse 412.31   mae 400.00 ± 100.00   r2 -0.0625   loss 0.5000\n");
}

// A ranking needs two kinds of samples, a variance two samples.
TEST(Metrics, AreUndefinedWhereThereIsNothingToSay) {
  const Predictions one = predictions_of_classes(std::array{0.7f}, std::array{1}, 2, true);
  const Predictions broken =
      predictions_of_classes(std::array{std::numeric_limits<float>::quiet_NaN()}, std::array{1}, 2, true);
  const Predictions none = predictions_of_classes({}, {}, 2, true);
  EXPECT_FALSE(measure(std::array{chosen("auc")}, one)[0].score.value);
  EXPECT_FALSE(measure(std::array{chosen("accuracy")}, one)[0].score.standard_error);
  for (const Metric& metric : metrics()) {
    if (metric.task != MetricTask::kClasses) continue;
    const ChosenMetric wish{&metric, metric.parameter ? metric.parameter->standard : 0};
    EXPECT_FALSE(measure(std::array{wish}, broken)[0].score.value) << metric.name;
    EXPECT_FALSE(measure(std::array{wish}, none)[0].score.value) << metric.name;
  }
  EXPECT_FALSE(
      measure(std::array{chosen("r2")}, predictions_of_numbers(std::array{1.f}, std::array{2.f}, 1))[0]
          .score.value);
}

}  // namespace
}  // namespace netc::runtime

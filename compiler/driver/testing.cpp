#include "compiler/driver/testing.h"

#include <numeric>

#include "runtime/metrics.h"

namespace netc::driver {

namespace {

runtime::Predictions predictions(const Network& network, const runtime::SampleSet& set,
                                 const std::vector<std::int32_t>& rows, const std::vector<float>& outputs) {
  const DataDescription& data = network.description;
  if (data.classes == 0) {
    std::vector<float> targets;
    for (std::int32_t row : rows) {
      const auto first = set.targets.begin() + row * data.targets;
      targets.insert(targets.end(), first, first + data.targets);
    }
    return runtime::predictions_of_numbers(outputs, targets, data.targets);
  }
  std::vector<std::int32_t> labels;
  for (std::int32_t row : rows) labels.push_back(set.labels[static_cast<std::size_t>(row)]);
  return runtime::predictions_of_classes(outputs, labels, data.classes,
                                         makes_probabilities(network.layers.back()));
}

}  // namespace

runtime::Scores mean_scores(const runtime::Totals& totals, std::int64_t classes) {
  const auto count = static_cast<double>(totals.samples);
  runtime::Scores scores{totals.loss / count, totals.correct / count};
  if (classes == 0) scores.accuracy.reset();
  return scores;
}

std::vector<std::int32_t> first_samples(std::int64_t count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

runtime::TestReport test_samples(const Network& network, const runtime::Dataset& data,
                                 const runtime::SampleSet& set, const std::vector<std::int32_t>& rows,
                                 runtime::Executor& inference, runtime::ThreadTeam& team) {
  inference.bind(set);
  runtime::TestReport report;
  std::vector<float> outputs;
  const double start = runtime::now_seconds();
  const runtime::Totals totals = runtime::evaluate(inference, team, rows, &outputs);
  report.seconds = runtime::now_seconds() - start;
  report.samples = static_cast<std::int64_t>(rows.size());
  report.scores = mean_scores(totals, data.classes);
  const runtime::Predictions made = predictions(network, set, rows, outputs);
  report.metrics = runtime::measure(network.train.metrics, made);
  report.class_names = data.class_names;
  if (data.classes > 0) report.support = runtime::support(made);
  return report;
}

}  // namespace netc::driver

// Metrics of how a class's samples are ranked among the others.

#include <algorithm>
#include <numeric>

#include "runtime/metrics.h"

namespace netc::runtime {
namespace {

// The samples of one class and of all others, by how likely they are said to be of it.
struct Ranking {
  // Samples with equal scores, the likeliest first.
  struct Group {
    double inside = 0, outside = 0;  // samples of the class, and of others
  };
  std::vector<Group> groups;
  double inside = 0, outside = 0;
};

Ranking rank(const Predictions& predictions, std::int64_t of_class) {
  const auto column = static_cast<std::size_t>(of_class),
             columns = static_cast<std::size_t>(predictions.columns);
  auto score = [&](std::size_t i) { return predictions.scores[i * columns + column]; };
  std::vector<std::size_t> order(predictions.labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, std::ranges::greater{}, score);
  Ranking ranking;
  for (std::size_t place = 0; place < order.size(); ++place) {
    if (place == 0 || score(order[place]) != score(order[place - 1])) ranking.groups.emplace_back();
    const bool inside = predictions.labels[order[place]] == of_class;
    (inside ? ranking.groups.back().inside : ranking.groups.back().outside) += 1;
    (inside ? ranking.inside : ranking.outside) += 1;
  }
  return ranking;
}

// Of two classes, the second's; else the mean over the classes that have one.
template <typename Score>
MetricScore over_classes(const Predictions& predictions, Score score) {
  MetricScore result;
  double sum = 0, weighted = 0, classes = 0, samples = 0;
  for (std::int64_t c = 0; c < predictions.columns; ++c) {
    const Ranking ranking = rank(predictions, c);
    result.parts.push_back(score(ranking));
    if (!result.parts.back()) continue;
    sum += *result.parts.back();
    classes += 1;
    weighted += *result.parts.back() * ranking.inside;
    samples += ranking.inside;
  }
  if (samples > 0) result.weighted = weighted / samples;
  if (predictions.columns == 2) result.value = result.parts[1];
  else if (classes > 0) result.value = sum / classes;
  return result;
}

}  // namespace

// The share of pairs, one sample of the class and one of another, that are in order; a tie is half of it.
MetricScore roc_auc(const Predictions& predictions, std::int64_t) {
  return over_classes(predictions, [](const Ranking& ranking) -> std::optional<double> {
    if (ranking.inside == 0 || ranking.outside == 0) return std::nullopt;
    double in_order = 0, before = 0;
    for (const Ranking::Group& group : ranking.groups) {
      in_order += group.outside * (before + group.inside / 2);
      before += group.inside;
    }
    return in_order / (ranking.inside * ranking.outside);
  });
}

// The precision at each score, weighted by the recall that it adds.
MetricScore average_precision(const Predictions& predictions, std::int64_t) {
  return over_classes(predictions, [](const Ranking& ranking) -> std::optional<double> {
    if (ranking.inside == 0) return std::nullopt;
    double sum = 0, inside = 0, all = 0;
    for (const Ranking::Group& group : ranking.groups) {
      inside += group.inside;
      all += group.inside + group.outside;
      sum += group.inside / ranking.inside * (inside / all);
    }
    return sum;
  });
}

}  // namespace netc::runtime

#include "runtime/normalize.h"

#include <algorithm>
#include <cmath>

#include "runtime/tasks.h"

namespace netc::runtime {
namespace {

constexpr std::size_t kRowsATask = 1024;

// Of the values of one channel.
struct Moments {
  std::uint64_t count = 0, sum = 0, squares = 0;
  std::uint8_t least = 255, most = 0;

  void add(std::uint8_t value) {
    ++count;
    sum += value;
    squares += std::uint64_t{value} * value;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  void add(const Moments& other) {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    least = std::min(least, other.least);
    most = std::max(most, other.most);
  }
  double mean() const { return static_cast<double>(sum) / static_cast<double>(count); }
  double deviation() const {
    using Wide = unsigned __int128;
    const Wide spread = Wide{count} * squares - Wide{sum} * sum;
    return std::sqrt(static_cast<double>(spread)) / static_cast<double>(count);
  }
};

std::vector<Moments> moments_of(const SampleSet& set, std::span<const std::int32_t> rows,
                                std::int64_t channels) {
  std::vector<Moments> result(static_cast<std::size_t>(channels));
  for (std::int32_t row : rows) {
    const std::uint8_t* sample = set.samples.data() + row * set.sample_elements;
    for (std::int64_t i = 0; i < set.sample_elements; i += channels)
      for (std::int64_t c = 0; c < channels; ++c) result[static_cast<std::size_t>(c)].add(sample[i + c]);
  }
  return result;
}

}  // namespace

Normalizer learn_normalizer(Normalization kind, const SampleSet& set, std::span<const std::int32_t> rows,
                            std::int64_t channels, int threads) {
  std::vector<std::vector<Moments>> parts((rows.size() + kRowsATask - 1) / kRowsATask);
  run_tasks(parts.size(), threads, [&](std::size_t i) {
    const std::size_t first = i * kRowsATask;
    parts[i] = moments_of(set, rows.subspan(first, std::min(kRowsATask, rows.size() - first)), channels);
  });
  Normalizer normalizer;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    Moments all;
    for (const std::vector<Moments>& part : parts) all.add(part[c]);
    const bool standard = kind == Normalization::kStandard;
    const double zero = standard ? all.mean() : all.least,
                 range = standard ? all.deviation() : all.most - all.least;
    const double scale = 1 / (range > 0 ? range : 255);
    normalizer.scale.push_back(static_cast<float>(scale));
    normalizer.shift.push_back(static_cast<float>(-zero * scale));
  }
  return normalizer;
}

}  // namespace netc::runtime

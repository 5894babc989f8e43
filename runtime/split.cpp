#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "runtime/dataset.h"
#include "runtime/philox.h"

namespace netc::runtime {
namespace {

constexpr std::uint64_t kGroup = 64;

// The numbers random_bits(seed, stream, step, i), a whole group of 64 at a time.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t stream, std::uint32_t step)
      : seed_(seed), stream_(stream), step_(step) {}

  // Uniform in [0, bound): element `i` times bound, shifted right by 32. No value's probability is off by
  // more than 2^-32.
  std::uint32_t below(std::uint32_t bound, std::uint64_t i) {
    if (i / kGroup != group_) fill(i / kGroup);
    return static_cast<std::uint32_t>(std::uint64_t{bits_[i % kGroup]} * bound >> 32);
  }

 private:
  void fill(std::uint64_t group) {
    group_ = group;
    for (std::uint32_t lane = 0; lane < kGroup / 4; ++lane) {
      PhiloxBlock words =
          philox({static_cast<std::uint32_t>(16 * group + lane), step_, static_cast<std::uint32_t>(stream_),
                  static_cast<std::uint32_t>(stream_ >> 32)},
                 static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32));
      for (std::uint32_t word = 0; word < 4; ++word) bits_[16 * word + lane] = words[word];
    }
  }

  std::uint64_t seed_, stream_;
  std::uint32_t step_;
  std::uint64_t group_ = ~std::uint64_t{0};
  std::array<std::uint32_t, kGroup> bits_{};
};

// The first `steps` places of the shuffled order.
void draw_first(std::vector<std::int32_t>& order, std::int64_t steps, std::uint64_t seed) {
  Draws draws(seed, stream_of("split"), 0);
  const auto count = static_cast<std::int64_t>(order.size());
  for (std::int64_t i = 0; i < steps; ++i) {
    std::uint32_t j = draws.below(static_cast<std::uint32_t>(count - i), static_cast<std::uint64_t>(i));
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(i + j)]);
  }
}

// How many of each class validate.
std::vector<std::int64_t> shares_of(std::span<const std::int32_t> labels, std::int64_t validation) {
  std::vector<std::int64_t> counts;
  for (std::int32_t label : labels) {
    counts.resize(std::max(counts.size(), static_cast<std::size_t>(label) + 1));
    ++counts[static_cast<std::size_t>(label)];
  }
  const auto all = static_cast<std::int64_t>(labels.size());
  std::vector<std::size_t> by_loss(counts.size());
  std::iota(by_loss.begin(), by_loss.end(), 0);
  auto loss = [&](std::size_t c) { return std::pair(-(counts[c] * validation % all), c); };
  std::ranges::sort(by_loss, std::less(), loss);
  std::vector<std::int64_t> shares;
  for (std::int64_t count : counts) shares.push_back(count * validation / all);
  std::int64_t left = validation - std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; ++i, --left) ++shares[by_loss[i]];
  return shares;
}

// Moves those that validate to the front, in their order.
void stratify(std::vector<std::int32_t>& order, std::span<const std::int32_t> labels,
              std::int64_t validation) {
  std::vector<std::int64_t> left = shares_of(labels, validation);
  std::vector<std::int32_t> first, others;
  for (std::int32_t sample : order) {
    std::int64_t& wanted = left[static_cast<std::size_t>(labels[static_cast<std::size_t>(sample)])];
    (wanted > 0 ? first : others).push_back(sample);
    if (wanted > 0) --wanted;
  }
  std::ranges::copy(others, std::ranges::copy(first, order.begin()).out);
}

}  // namespace

Split split_samples(std::int64_t count, std::int64_t validation, std::uint64_t seed,
                    std::span<const std::int32_t> labels) {
  Split split;
  split.train.resize(static_cast<std::size_t>(count));
  std::iota(split.train.begin(), split.train.end(), 0);
  const bool by_class = !labels.empty() && validation > 0;
  draw_first(split.train, by_class ? count : validation, seed);
  if (by_class) stratify(split.train, labels, validation);
  auto rest = split.train.begin() + validation;
  split.validation.assign(split.train.begin(), rest);
  split.train.erase(split.train.begin(), rest);
  std::sort(split.train.begin(), split.train.end());
  return split;
}

std::vector<std::int32_t> deal_folds(std::int64_t count, std::span<const std::int32_t> labels,
                                     std::int64_t folds, std::uint64_t seed) {
  std::map<std::int32_t, std::vector<std::size_t>> classes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    classes[labels.empty() ? 0 : labels[i]].push_back(i);
  std::vector<std::int32_t> parts(static_cast<std::size_t>(count));
  std::int64_t next = 0;
  for (auto& [label, samples] : classes) {
    Draws draws(seed, stream_of("folds"), static_cast<std::uint32_t>(label));
    for (std::size_t i = samples.size(); i-- > 1;)
      std::swap(samples[i], samples[draws.below(static_cast<std::uint32_t>(i + 1), i)]);
    for (std::size_t sample : samples) parts[sample] = static_cast<std::int32_t>(next++ % folds);
  }
  return parts;
}

void shuffle_epoch(std::vector<std::int32_t>& samples, std::uint64_t seed, std::int64_t epoch) {
  Draws draws(seed, stream_of("shuffle"), static_cast<std::uint32_t>(epoch));
  for (std::size_t i = samples.size(); i-- > 1;) {
    std::uint32_t j = draws.below(static_cast<std::uint32_t>(i + 1), i);
    std::swap(samples[i], samples[j]);
  }
}

}  // namespace netc::runtime

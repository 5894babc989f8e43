#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "runtime/dataset.h"
#include "runtime/philox.h"

namespace netc::runtime {
namespace {

TEST(Split, DrawsAsDocumented) {
  constexpr std::int64_t kCount = 1000, kValidation = 150;
  std::vector<std::int32_t> expected(kCount);
  std::iota(expected.begin(), expected.end(), 0);
  for (std::int64_t i = 0; i < kValidation; ++i) {
    std::uint64_t r = random_bits(7, stream_of("split"), 0, static_cast<std::uint64_t>(i));
    std::swap(expected[static_cast<std::size_t>(i)],
              expected[static_cast<std::size_t>(i) + (r * static_cast<std::uint64_t>(kCount - i) >> 32)]);
  }
  Split split = split_samples(kCount, kValidation, 7);
  EXPECT_EQ(split.validation, std::vector<std::int32_t>(expected.begin(), expected.begin() + kValidation));
  EXPECT_EQ(split.train.size(), 850u);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  std::vector<std::int32_t> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  for (std::int32_t i = 0; i < kCount; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
  EXPECT_NE(split_samples(kCount, kValidation, 8).validation, split.validation);
  EXPECT_TRUE(split_samples(3, 3, 1).train.empty());
  EXPECT_TRUE(split_samples(3, 0, 1).validation.empty());
}

TEST(Split, EachClassHasItsShare) {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 103; ++i) labels.push_back(i < 70 ? 0 : i < 100 ? 2 : 1);
  const Split split = split_samples(103, 20, 7, labels);
  std::vector<int> counts(3);
  for (std::int32_t sample : split.validation)
    ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(sample)])];
  // 13.6, 0.6 and 5.8 of them: the one that is left over goes to class 2, then to class 0.
  EXPECT_EQ(counts, (std::vector<int>{14, 0, 6}));
  EXPECT_EQ(split.train.size(), 83u);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_NE(split_samples(103, 20, 8, labels).validation, split.validation);
  EXPECT_TRUE(split_samples(103, 0, 8, labels).validation.empty());
  EXPECT_TRUE(split_samples(103, 103, 8, labels).train.empty());
}

TEST(Shuffle, PermutesAsDocumented) {
  std::vector<std::int32_t> start(300);
  std::iota(start.begin(), start.end(), 100);
  std::vector<std::int32_t> expected = start, shuffled = start;
  for (std::size_t i = expected.size() - 1; i >= 1; --i) {
    std::uint64_t r = random_bits(5, stream_of("shuffle"), 2, i);
    std::swap(expected[i], expected[r * (i + 1) >> 32]);
  }
  shuffle_epoch(shuffled, 5, 2);
  EXPECT_EQ(shuffled, expected);
  std::vector<std::int32_t> other = start;
  shuffle_epoch(other, 5, 3);
  EXPECT_NE(other, shuffled);
  std::vector<std::int32_t> none;
  shuffle_epoch(none, 5, 2);
  EXPECT_TRUE(none.empty());
}

// Each sample comes to each place about equally often: chi-squared over 8 x 8 counts stays within 5 standard
// deviations.
TEST(Shuffle, IsUnbiased) {
  constexpr int kPlaces = 8, kEpochs = 40'000;
  double counts[kPlaces][kPlaces] = {};
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    std::vector<std::int32_t> samples(kPlaces);
    std::iota(samples.begin(), samples.end(), 0);
    shuffle_epoch(samples, 1, epoch);
    for (int place = 0; place < kPlaces; ++place) ++counts[place][samples[static_cast<std::size_t>(place)]];
  }
  double expected = double{kEpochs} / kPlaces, chi = 0;
  for (const auto& row : counts)
    for (double count : row) chi += (count - expected) * (count - expected) / expected;
  double freedom = (kPlaces - 1) * (kPlaces - 1);
  EXPECT_LT(std::abs(chi - freedom), 5 * std::sqrt(2 * freedom));
}

// 7 samples of one class and 5 of another in 3 parts: 4 samples each, and of a class 1 or 2, or 2 or 3.
TEST(Folds, HaveTheirShareOfEachClass) {
  const std::vector<std::int32_t> labels{0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0};
  const std::vector<std::int32_t> parts = deal_folds(12, labels, 3, 7);
  std::array<std::array<int, 2>, 3> counts{};
  for (std::size_t i = 0; i < parts.size(); ++i) ++counts.at(static_cast<std::size_t>(parts[i]))[labels[i]];
  for (const auto& [zeros, ones] : counts) {
    EXPECT_EQ(zeros + ones, 4);
    EXPECT_TRUE(zeros == 2 || zeros == 3);
    EXPECT_TRUE(ones == 1 || ones == 2);
  }
  EXPECT_EQ(deal_folds(12, labels, 3, 7), parts);
  EXPECT_NE(deal_folds(12, labels, 3, 8), parts);
}

TEST(Folds, WithoutClassesAreOfOneSize) {
  const std::vector<std::int32_t> parts = deal_folds(11, {}, 4, 1);
  for (std::int32_t part = 0; part < 4; ++part) EXPECT_EQ(std::ranges::count(parts, part), part < 3 ? 3 : 2);
}

}  // namespace
}  // namespace netc::runtime

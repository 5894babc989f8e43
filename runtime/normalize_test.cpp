#include "runtime/normalize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netc::runtime {
namespace {

SampleSet set_of(const std::vector<std::uint8_t>& values, std::int64_t sample) {
  SampleSet set;
  set.count = static_cast<std::int64_t>(values.size()) / sample;
  set.sample_elements = sample;
  set.samples = Bytes(values.size());
  std::ranges::copy(values, set.samples.data());
  return set;
}

const std::vector<std::int32_t> kFirstTwo{0, 1};

// Two samples of two pixels with three channels; a third is not trained on.
const SampleSet& three_samples() {
  static const SampleSet set =
      set_of({10, 0, 7, 20, 0, 7, 30, 255, 7, 40, 255, 7, 200, 200, 200, 200, 200, 200}, 6);
  return set;
}

TEST(Normalize, StandardHasMeanZeroAndDeviationOne) {
  const Normalizer learned = learn_normalizer(Normalization::kStandard, three_samples(), kFirstTwo, 3, 2);
  // 10, 20, 30, 40: mean 25, variance 125.
  EXPECT_FLOAT_EQ(learned.scale[0], 1 / std::sqrt(125.0f));
  EXPECT_FLOAT_EQ(learned.shift[0], -25 / std::sqrt(125.0f));
  EXPECT_FLOAT_EQ(learned.scale[1], 1 / 127.5f);
  EXPECT_FLOAT_EQ(learned.shift[1], -1);
  // All 7: becomes 0.
  EXPECT_NEAR(7 * learned.scale[2] + learned.shift[2], 0, 1e-6);
}

TEST(Normalize, MinMaxIsFromZeroToOne) {
  const Normalizer learned = learn_normalizer(Normalization::kMinMax, three_samples(), kFirstTwo, 3, 2);
  EXPECT_NEAR(10 * learned.scale[0] + learned.shift[0], 0, 1e-6);
  EXPECT_FLOAT_EQ(40 * learned.scale[0] + learned.shift[0], 1);
  EXPECT_FLOAT_EQ(learned.scale[1], 1 / 255.0f);
  EXPECT_NEAR(7 * learned.scale[2] + learned.shift[2], 0, 1e-6);
}

TEST(Normalize, IsTheSameForAnyNumberOfThreads) {
  std::vector<std::uint8_t> values;
  for (std::uint64_t i = 0; i < 5000 * 12; ++i) values.push_back(static_cast<std::uint8_t>(i * i % 251));
  const SampleSet set = set_of(values, 12);
  std::vector<std::int32_t> rows(5000);
  std::iota(rows.begin(), rows.end(), 0);
  const Normalizer one = learn_normalizer(Normalization::kStandard, set, rows, 3, 1);
  const Normalizer four = learn_normalizer(Normalization::kStandard, set, rows, 3, 4);
  EXPECT_EQ(one.scale, four.scale);
  EXPECT_EQ(one.shift, four.shift);
}

}  // namespace
}  // namespace netc::runtime

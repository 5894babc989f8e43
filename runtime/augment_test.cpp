#include "runtime/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "runtime/image_files.h"

namespace netc::runtime {
namespace {

using Pixels = std::vector<std::uint8_t>;

struct Size {
  std::int64_t height = 6, width = 8, channels = 1;
};

// What becomes of an image at a place of the order.
Pixels augmented(const Augmentation& settings, const Pixels& image, Size size, std::int64_t position,
                 std::int64_t epoch = 0, std::uint64_t seed = 0) {
  const Augmenter augmenter(settings, {size.height, size.width, size.channels}, seed);
  Pixels scratch(augmenter.scratch_bytes(), 7), out(image.size(), 9);
  augmenter.make(image.data(), epoch, position, scratch, out.data());
  return out;
}

std::string text(const Pixels& pixels) { return {pixels.begin(), pixels.end()}; }

Pixels flat(Size size, std::uint8_t value) {
  return Pixels(static_cast<std::size_t>(size.height * size.width * size.channels), value);
}

// `image` moved by whole pixels, perhaps mirrored before.
Pixels moved(const Pixels& image, Size size, std::int64_t down, std::int64_t right, bool flip) {
  Pixels out(image.size(), 0);
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x)
      for (std::int64_t c = 0; c < size.channels; ++c) {
        const std::int64_t from_y = y - down, shown = x - right,
                           from_x = flip ? size.width - 1 - shown : shown;
        if (from_y < 0 || from_y >= size.height || shown < 0 || shown >= size.width) continue;
        out[static_cast<std::size_t>((y * size.width + x) * size.channels + c)] =
            image[static_cast<std::size_t>((from_y * size.width + from_x) * size.channels + c)];
      }
  return out;
}

TEST(Augment, MovesByEachNumberOfPixelsAlike) {
  const Size size{5, 7, 3};
  const Pixels image = pattern(5, 7, 3);
  std::map<std::tuple<std::int64_t, std::int64_t, bool>, int> seen;
  for (std::int64_t position = 0; position < 2000; ++position) {
    const Pixels out = augmented({.shift = 2, .flip = true}, image, size, position);
    for (std::int64_t down = -2; down <= 2; ++down)
      for (std::int64_t right = -2; right <= 2; ++right)
        for (bool flip : {false, true})
          if (out == moved(image, size, down, right, flip)) ++seen[{down, right, flip}];
  }
  EXPECT_EQ(seen.size(), 50u);
  int all = 0;
  for (const auto& [move, count] : seen) {
    EXPECT_NEAR(count, 40, 25);
    all += count;
  }
  EXPECT_EQ(all, 2000);
}

TEST(Augment, CanMoveAllOutOfSight) {
  const Pixels image = flat({2, 2, 1}, 200);
  std::set<std::string> seen;
  for (std::int64_t position = 0; position < 100; ++position)
    seen.insert(text(augmented({.shift = 50}, image, {2, 2, 1}, position)));
  EXPECT_TRUE(seen.contains(std::string(4, '\0')));
}

// A turn by a small angle leaves the middle where it is, and so do all of the same size.
TEST(Augment, TurnsAndScalesAboutTheMiddle) {
  const Size size{21, 21, 1};
  Pixels image = flat(size, 0);
  for (std::int64_t y = 8; y <= 12; ++y)
    for (std::int64_t x = 8; x <= 12; ++x) image[static_cast<std::size_t>(y * 21 + x)] = 240;
  double least = 1e9, most = 0;
  for (std::int64_t position = 0; position < 200; ++position) {
    const Pixels out = augmented({.rotate = 45, .scale = 0.3}, image, size, position);
    double sum = 0, x_sum = 0, y_sum = 0;
    for (std::int64_t i = 0; i < 441; ++i) {
      sum += out[static_cast<std::size_t>(i)];
      y_sum += out[static_cast<std::size_t>(i)] * static_cast<double>(i / 21);
      x_sum += out[static_cast<std::size_t>(i)] * static_cast<double>(i % 21);
    }
    EXPECT_NEAR(x_sum / sum, 10, 0.05);
    EXPECT_NEAR(y_sum / sum, 10, 0.05);
    EXPECT_NEAR(out[220], 240, 1);
    least = std::min(least, sum / (25 * 240));
    most = std::max(most, sum / (25 * 240));
  }
  // Areas grow by the square.
  EXPECT_NEAR(least, 0.49, 0.05);
  EXPECT_NEAR(most, 1.69, 0.1);
}

TEST(Augment, AQuarterTurnIsExact) {
  const Size size{9, 9, 2};
  const Pixels image = pattern(9, 9, 2);
  Pixels turned(image.size());
  for (std::int64_t y = 0; y < 9; ++y)
    for (std::int64_t x = 0; x < 9; ++x)
      std::copy_n(&image[static_cast<std::size_t>((y * 9 + x) * 2)], 2,
                  &turned[static_cast<std::size_t>((x * 9 + 8 - y) * 2)]);
  // The one of many that comes nearest to a quarter is a blend with its neighbours of a few in a hundred.
  int least = 255;
  for (std::int64_t position = 0; position < 5000; ++position) {
    const Pixels out = augmented({.rotate = 95}, image, size, position);
    int most = 0;
    for (std::int64_t i = 2 * 9 * 2; i < 7 * 9 * 2; ++i)
      if (i / 2 % 9 >= 2 && i / 2 % 9 < 7)
        most =
            std::max(most, std::abs(out[static_cast<std::size_t>(i)] - turned[static_cast<std::size_t>(i)]));
    least = std::min(least, most);
  }
  EXPECT_LE(least, 4);
}

TEST(Augment, BrightensWholeImages) {
  const Size size{3, 3, 3};
  std::set<std::uint8_t> values;
  for (std::int64_t position = 0; position < 500; ++position) {
    const Pixels out = augmented({.brightness = 0.2}, flat(size, 100), size, position);
    EXPECT_EQ(out, flat(size, out[0]));
    values.insert(out[0]);
  }
  EXPECT_EQ(*values.begin(), 80);
  EXPECT_EQ(*values.rbegin(), 120);
  EXPECT_EQ(values.size(), 41u);
  // No value runs over.
  std::uint8_t least = 255, most = 0;
  for (std::int64_t position = 0; position < 500; ++position) {
    least = std::min(least, augmented({.brightness = 0.2}, flat(size, 250), size, position)[0]);
    most = std::max(most, augmented({.brightness = 0.2}, flat(size, 250), size, position)[0]);
  }
  EXPECT_EQ(least, 200);
  EXPECT_EQ(most, 255);
}

TEST(Augment, NoiseHasItsDeviation) {
  const Size size{50, 50, 3};
  const Pixels out = augmented({.noise = 0.05}, flat(size, 128), size, 5);
  double sum = 0, squares = 0;
  for (std::uint8_t value : out) {
    sum += value - 128.0;
    squares += (value - 128.0) * (value - 128.0);
  }
  EXPECT_NEAR(sum / 7500, 0, 0.6);
  EXPECT_NEAR(std::sqrt(squares / 7500), 12.75, 0.4);
  EXPECT_NE(out, augmented({.noise = 0.05}, flat(size, 128), size, 6));
}

TEST(Augment, CutsASquare) {
  const Size size{8, 10, 3};
  std::set<std::int64_t> sizes;
  for (std::int64_t position = 0; position < 500; ++position) {
    const Pixels out = augmented({.cutout = 4}, flat(size, 50), size, position);
    const std::int64_t zeros = std::ranges::count(out, 0);
    EXPECT_EQ(zeros % 3, 0);
    sizes.insert(zeros / 3);
  }
  // At the edges a part of it: 2 or 3 of 4 pixels along either side.
  EXPECT_EQ(sizes, (std::set<std::int64_t>{4, 6, 8, 9, 12, 16}));
}

TEST(Augment, DependsOnSeedEpochAndPosition) {
  const Size size;
  const Pixels image = pattern(6, 8, 1);
  const Augmentation all{2, 10, 0.1, true, 0.1, 0.02, 3};
  std::set<std::string> seen;
  for (std::uint64_t seed : {0, 1})
    for (std::int64_t epoch : {0, 1})
      for (std::int64_t position : {0, 1, 2}) {
        seen.insert(text(augmented(all, image, size, position, epoch, seed)));
        EXPECT_EQ(augmented(all, image, size, position, epoch, seed),
                  augmented(all, image, size, position, epoch, seed));
      }
  EXPECT_EQ(seen.size(), 12u);
}

// The one batch is made while the other is read.
TEST(Augment, BatchesAreSharedOut) {
  SampleSet source;
  source.count = 5;
  source.sample_elements = 4;
  source.samples = Bytes(20);
  std::iota(source.samples.data(), source.samples.data() + 20, 1);
  source.labels = {0, 1, 2, 3, 4};
  const std::int32_t rows[] = {4, 0, 2};
  std::vector<Pixels> made;
  for (int threads : {1, 2, 3}) {
    AugmentedBatches batches(Augmenter({.shift = 1}, {2, 2, 1}, 0), source, 3, threads);
    for (std::int64_t step : {0, 1}) {
      const std::int32_t* places = nullptr;
      for (int thread = 0; thread < threads; ++thread) places = batches.make(thread, threads, 0, step, rows);
      EXPECT_EQ(std::vector<std::int32_t>(places, places + 6),
                step == 0 ? (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5})
                          : (std::vector<std::int32_t>{3, 4, 5, 0, 1, 2}));
      const std::int64_t first = places[0];
      for (std::int64_t b = 0; b < 3; ++b)
        EXPECT_EQ(batches.set().labels[static_cast<std::size_t>(first + b)], rows[b]);
      if (threads > 1) continue;
      Pixels expected = augmented({.shift = 1}, {17, 18, 19, 20}, {2, 2, 1}, 3 * step);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), batches.set().samples.data() + first * 4));
    }
    made.emplace_back(batches.set().samples.data(), batches.set().samples.data() + 24);
  }
  EXPECT_EQ(made[1], made[0]);
  EXPECT_EQ(made[2], made[0]);
}

}  // namespace
}  // namespace netc::runtime

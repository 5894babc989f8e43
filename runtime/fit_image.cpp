#include <algorithm>
#include <cmath>

#include "runtime/image.h"

namespace netc::runtime {
namespace {

// Weights are whole numbers of this unit, so the result is the same on every machine.
constexpr int kWeightBits = 22;

// What a stretch of pixels adds to one new pixel.
struct Reach {
  std::int64_t first = 0;
  std::vector<std::int32_t> weights;
};

// For each of `to` new pixels along one axis, made from [begin, begin + length) of `from` old ones.
std::vector<Reach> reaches(std::int64_t from, double begin, double length, std::int64_t to) {
  const double scale = length / static_cast<double>(to), radius = std::max(scale, 1.0);
  std::vector<Reach> result;
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = begin + (static_cast<double>(i) + 0.5) * scale;
    const auto first = static_cast<std::int64_t>(std::max(centre - radius + 0.5, 0.0));
    const auto last = std::min(static_cast<std::int64_t>(centre + radius + 0.5), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t j = first; j < last; ++j) {
      const double distance = (static_cast<double>(j) - centre + 0.5) * (1 / radius);
      weights.push_back(std::max(0.0, 1 - std::abs(distance)));
      sum += weights.back();
    }
    Reach reach{first, {}};
    for (double weight : weights)
      reach.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << kWeightBits)));
    result.push_back(std::move(reach));
  }
  return result;
}

// One new value: `from` is the first of the old ones, which lie `stride` apart.
std::uint8_t weigh(const Reach& reach, const std::uint8_t* from, std::int64_t stride) {
  std::int32_t sum = 1 << (kWeightBits - 1);
  for (std::int32_t weight : reach.weights) {
    sum += *from * weight;
    from += stride;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// The part that is kept: as high or as wide as the image.
struct Box {
  double top = 0, left = 0, height = 0, width = 0;
};

Box middle_part(const ImageHeader& image, std::int64_t height, std::int64_t width) {
  const auto h = static_cast<double>(image.height), w = static_cast<double>(image.width);
  const double ratio = w / h, wanted = static_cast<double>(width) / static_cast<double>(height);
  Box box{0, 0, h, w};
  if (ratio > wanted) box.width = wanted * h;
  else if (ratio < wanted) box.height = w / wanted;
  box.top = (h - box.height) * 0.5;
  box.left = (w - box.width) * 0.5;
  return box;
}

}  // namespace

void fit_image(const Image& image, std::int64_t height, std::int64_t width, std::span<std::uint8_t> out) {
  const std::int64_t channels = image.header.channels;
  const Box box = middle_part(image.header, height, width);
  const std::vector<Reach> across = reaches(image.header.width, box.left, box.width, width);
  const std::vector<Reach> down = reaches(image.header.height, box.top, box.height, height);
  // Only rows that are used: [last - first, width, channels].
  const std::int64_t first = down.front().first;
  const std::int64_t last = down.back().first + static_cast<std::int64_t>(down.back().weights.size());
  const std::int64_t row_values = width * channels;
  std::vector<std::uint8_t> narrow(static_cast<std::size_t>((last - first) * row_values));
  for (std::int64_t y = first; y < last; ++y) {
    const std::uint8_t* from = &image.pixels[static_cast<std::size_t>(y * image.header.width * channels)];
    std::uint8_t* to = &narrow[static_cast<std::size_t>((y - first) * row_values)];
    for (const Reach& reach : across)
      for (std::int64_t c = 0; c < channels; ++c)
        *to++ = weigh(reach, from + reach.first * channels + c, channels);
  }
  std::uint8_t* to = out.data();
  for (const Reach& reach : down) {
    const std::uint8_t* from = &narrow[static_cast<std::size_t>((reach.first - first) * row_values)];
    for (std::int64_t x = 0; x < row_values; ++x) *to++ = weigh(reach, from + x, row_values);
  }
}

}  // namespace netc::runtime

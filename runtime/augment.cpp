#include "runtime/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "runtime/executor.h"
#include "runtime/philox.h"

namespace netc::runtime {
namespace {

// Factors, and places between pixels, have so many bits behind the point.
constexpr int kFractionBits = 16;
constexpr std::int64_t kOne = std::int64_t{1} << kFractionBits, kHalf = kOne / 2;
// Around the copy that `warp` reads.
constexpr std::int64_t kBorder = 1;
// Of the sum of a word's four bytes, for random words.
constexpr std::int32_t kByteSumMean = 510;
constexpr double kByteSumDeviation = 147.801;

std::int64_t to_fixed(double value) {
  return static_cast<std::int64_t>(std::floor(value * static_cast<double>(kOne) + 0.5));
}

// The last bits of libm's depend on the processor.
struct Rotation {
  explicit Rotation(double radians) {
    double term = 1;
    for (int n = 0; n < 32; ++n) {
      (n % 2 == 0 ? cosine : sine) += n % 4 < 2 ? term : -term;
      term *= radians / (n + 1);
    }
  }
  double cosine = 0, sine = 0;
};

// Uniform in [-bound, bound].
double around_zero(std::uint32_t bits, double bound) { return (2 * to_unit(bits) - 1) * bound; }

// Uniform in [0, bound).
std::int64_t below(std::uint32_t bits, std::int64_t bound) {
  return static_cast<std::int64_t>(std::uint64_t{bits} * static_cast<std::uint64_t>(bound) >> 32);
}

// An image within a border of zeros.
struct Framed {
  const std::uint8_t* origin = nullptr;  // the first pixel
  std::int64_t row = 0;                  // bytes from row to row
  std::int64_t height = 0, width = 0, channels = 0;
};

// Places in an old image, a step apart: those of a row of the new one.
struct Line {
  std::int64_t x = 0, y = 0, step_x = 0, step_y = 0;
};

// Reads `image.width` pixels along the line, each between the four nearest. kChannels: 0 for any number.
template <int kChannels>
void read_line(const Framed& image, Line line, std::uint8_t* out) {
  const std::int64_t channels = kChannels > 0 ? kChannels : image.channels;
  auto sees_nothing = [&](std::int64_t i) {
    const std::int64_t x = (line.x + i * line.step_x) >> kFractionBits,
                       y = (line.y + i * line.step_y) >> kFractionBits;
    return x < -1 || x >= image.width || y < -1 || y >= image.height;
  };
  std::int64_t first = 0, last = image.width;
  while (first < last && sees_nothing(first)) ++first;
  while (first < last && sees_nothing(last - 1)) --last;
  std::memset(out, 0, static_cast<std::size_t>(first * channels));
  std::memset(out + last * channels, 0, static_cast<std::size_t>((image.width - last) * channels));
  std::int64_t x = line.x + first * line.step_x, y = line.y + first * line.step_y;
  for (std::int64_t i = first; i < last; ++i, x += line.step_x, y += line.step_y) {
    const std::uint8_t* from =
        image.origin + (y >> kFractionBits) * image.row + (x >> kFractionBits) * channels;
    const auto right = static_cast<std::uint32_t>(x >> (kFractionBits - 8) & 255), left = 256 - right;
    const auto lower = static_cast<std::uint32_t>(y >> (kFractionBits - 8) & 255), upper = 256 - lower;
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::uint32_t above = from[c] * left + from[channels + c] * right;
      const std::uint32_t below = from[image.row + c] * left + from[image.row + channels + c] * right;
      out[i * channels + c] = static_cast<std::uint8_t>((above * upper + below * lower + 0x8000) >> 16);
    }
  }
}

PhiloxBlock draw(std::uint64_t seed, std::uint64_t stream, std::int64_t epoch, std::int64_t block) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(epoch),
                 static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

// 16 blocks of random words side by side, and loops without branches: compilers make vector code of it (if
// they do not know how short the loops are: `lanes` is at most kLanes).
constexpr int kLanes = 16;
constexpr std::int64_t kGroup = 4 * kLanes;
using Words = std::array<std::array<std::uint32_t, kLanes>, 4>;

Words draw_group(std::uint64_t seed, std::int64_t group, std::int64_t epoch, std::int64_t position,
                 int lanes) {
  constexpr auto kStream = static_cast<std::uint32_t>(stream_of("augment/noise"));
  Words words;
  auto& [a, b, c, d] = words;
  for (int lane = 0; lane < kLanes; ++lane) a[lane] = static_cast<std::uint32_t>(kLanes * group + lane);
  b.fill(static_cast<std::uint32_t>(epoch));
  c.fill(kStream);
  d.fill(static_cast<std::uint32_t>(position));
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round, key0 += kPhiloxW0, key1 += kPhiloxW1) {
    for (int lane = 0; lane < lanes; ++lane) {
      const std::uint64_t p0 = std::uint64_t{kPhiloxM0} * a[lane], p1 = std::uint64_t{kPhiloxM1} * c[lane];
      a[lane] = static_cast<std::uint32_t>(p1 >> 32) ^ b[lane] ^ key0;
      b[lane] = static_cast<std::uint32_t>(p1);
      c[lane] = static_cast<std::uint32_t>(p0 >> 32) ^ d[lane] ^ key1;
      d[lane] = static_cast<std::uint32_t>(p0);
    }
  }
  return words;
}

// The sum of a word's four bytes is nearly normal.
void add_noise_of(const std::array<std::uint32_t, kLanes>& words, std::int32_t factor, std::uint8_t* values) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t pairs = (words[lane] & 0xff00ff) + (words[lane] >> 8 & 0xff00ff);
    const std::int32_t sum = static_cast<std::int32_t>((pairs & 0xffff) + (pairs >> 16)) - kByteSumMean;
    const std::int32_t value =
        values[lane] + ((sum * factor + static_cast<std::int32_t>(kHalf)) >> kFractionBits);
    values[lane] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

}  // namespace

struct Augmenter::Draws {
  Draws(std::uint64_t seed, std::int64_t epoch, std::int64_t position) {
    constexpr std::uint64_t kStream = stream_of("augment");
    const PhiloxBlock first = draw(seed, kStream, epoch, 2 * position),
                      second = draw(seed, kStream, epoch, 2 * position + 1);
    down = first[0];
    right = first[1];
    angle = first[2];
    scale = first[3];
    flip = second[0];
    brightness = second[1];
    cut_down = second[2];
    cut_right = second[3];
  }
  std::uint32_t down, right, angle, scale, flip, brightness, cut_down, cut_right;
  bool flipped() const { return flip >> 31 != 0; }
};

Augmenter::Augmenter(const Augmentation& settings, const std::vector<std::int64_t>& extents,
                     std::uint64_t seed)
    : settings_(settings), height_(extents[0]), width_(extents[1]), channels_(extents[2]), seed_(seed) {}

std::size_t Augmenter::scratch_bytes() const {
  return static_cast<std::size_t>((height_ + 2 * kBorder) * (width_ + 2 * kBorder) * channels_);
}

void Augmenter::make(const std::uint8_t* sample, std::int64_t epoch, std::int64_t position,
                     std::span<std::uint8_t> scratch, std::uint8_t* out) const {
  const Draws draws(seed_, epoch, position);
  if (settings_.rotate > 0 || settings_.scale > 0) warp(sample, draws, scratch, out);
  else move(sample, draws, out);
  if (settings_.brightness > 0) brighten(draws, out);
  if (settings_.noise > 0) add_noise(epoch, position, out);
  if (settings_.cutout > 0) cut(draws, out);
}

// By whole pixels, and mirrored.
void Augmenter::move(const std::uint8_t* sample, const Draws& draws, std::uint8_t* out) const {
  const auto most = static_cast<std::int64_t>(settings_.shift);
  const std::int64_t down = below(draws.down, 2 * most + 1) - most,
                     right = below(draws.right, 2 * most + 1) - most;
  const bool flip = settings_.flip && draws.flipped();
  const std::int64_t row = width_ * channels_;
  // The columns of the result that show the image.
  const std::int64_t first = std::clamp<std::int64_t>(right, 0, width_),
                     last = std::clamp<std::int64_t>(width_ + right, 0, width_);
  for (std::int64_t y = 0; y < height_; ++y, out += row) {
    const std::int64_t from_y = y - down;
    if (from_y < 0 || from_y >= height_ || first >= last) {
      std::memset(out, 0, static_cast<std::size_t>(row));
      continue;
    }
    const std::uint8_t* from = sample + from_y * row;
    std::memset(out, 0, static_cast<std::size_t>(first * channels_));
    std::memset(out + last * channels_, 0, static_cast<std::size_t>((width_ - last) * channels_));
    if (!flip) {
      std::memcpy(out + first * channels_, from + (first - right) * channels_,
                  static_cast<std::size_t>((last - first) * channels_));
      continue;
    }
    for (std::int64_t x = first; x < last; ++x)
      std::copy_n(from + (width_ - 1 - (x - right)) * channels_, channels_, out + x * channels_);
  }
}

// Turned about its middle, scaled, mirrored and moved.
void Augmenter::warp(const std::uint8_t* sample, const Draws& draws, std::span<std::uint8_t> scratch,
                     std::uint8_t* out) const {
  const std::int64_t row = width_ * channels_, wide = (width_ + 2 * kBorder) * channels_;
  std::memset(scratch.data(), 0, scratch.size());
  std::uint8_t* origin = scratch.data() + kBorder * (wide + channels_);
  for (std::int64_t y = 0; y < height_; ++y)
    std::memcpy(origin + y * wide, sample + y * row, static_cast<std::size_t>(row));
  const Rotation turn(around_zero(draws.angle, settings_.rotate) * (std::numbers::pi / 180));
  const double size = 1 + around_zero(draws.scale, settings_.scale);
  const double along = turn.cosine / size, across = turn.sine / size;
  const double mirror = settings_.flip && draws.flipped() ? -1 : 1;
  const double middle_x = static_cast<double>(width_ - 1) / 2,
               middle_y = static_cast<double>(height_ - 1) / 2;
  const double left = middle_x + around_zero(draws.right, settings_.shift);
  const double top = middle_y + around_zero(draws.down, settings_.shift);
  Line line{.step_x = to_fixed(mirror * along), .step_y = to_fixed(-across)};
  for (std::int64_t y = 0; y < height_; ++y, out += row) {
    const double down = static_cast<double>(y) - top;
    line.x = to_fixed(middle_x + mirror * (across * down - along * left));
    line.y = to_fixed(middle_y + along * down + across * left);
    if (channels_ == 1) read_line<1>({origin, wide, height_, width_, channels_}, line, out);
    else if (channels_ == 3) read_line<3>({origin, wide, height_, width_, channels_}, line, out);
    else read_line<0>({origin, wide, height_, width_, channels_}, line, out);
  }
}

void Augmenter::brighten(const Draws& draws, std::uint8_t* out) const {
  const std::int64_t factor = to_fixed(1 + around_zero(draws.brightness, settings_.brightness));
  std::array<std::uint8_t, 256> becomes;
  for (std::int64_t value = 0; value < 256; ++value)
    becomes[static_cast<std::size_t>(value)] =
        static_cast<std::uint8_t>(std::min<std::int64_t>((value * factor + kHalf) >> kFractionBits, 255));
  for (std::int64_t i = 0; i < elements(); ++i) out[i] = becomes[out[i]];
}

void Augmenter::add_noise(std::int64_t epoch, std::int64_t position, std::uint8_t* out) const {
  const auto factor = static_cast<std::int32_t>(to_fixed(settings_.noise * 255 / kByteSumDeviation));
  std::array<std::uint8_t, kGroup> values{};
  for (std::int64_t first = 0; first < elements(); first += kGroup) {
    const auto count = static_cast<std::size_t>(std::min(kGroup, elements() - first));
    const Words words = draw_group(seed_, first / kGroup, epoch, position,
                                   static_cast<int>(std::min<std::size_t>(count, kLanes)));
    std::memcpy(values.data(), out + first, count);
    for (std::size_t word = 0; word < words.size(); ++word)
      add_noise_of(words[word], factor, &values[kLanes * word]);
    std::memcpy(out + first, values.data(), count);
  }
}

// Its middle is anywhere in the image, so it may reach beyond.
void Augmenter::cut(const Draws& draws, std::uint8_t* out) const {
  const auto side = static_cast<std::int64_t>(settings_.cutout);
  const std::int64_t top = below(draws.cut_down, height_) - side / 2,
                     left = below(draws.cut_right, width_) - side / 2;
  const std::int64_t first = std::max<std::int64_t>(left, 0), last = std::min(left + side, width_);
  for (std::int64_t y = std::max<std::int64_t>(top, 0); y < std::min(top + side, height_); ++y)
    std::memset(out + (y * width_ + first) * channels_, 0,
                static_cast<std::size_t>((last - first) * channels_));
}

AugmentedBatches::AugmentedBatches(Augmenter augmenter, const SampleSet& source, std::int64_t batch,
                                   int threads)
    : augmenter_(std::move(augmenter)),
      source_(source),
      batch_(batch),
      scratch_(static_cast<std::size_t>(threads), std::vector<std::uint8_t>(augmenter_.scratch_bytes())) {
  made_.count = 2 * batch;
  made_.sample_elements = source.sample_elements;
  const auto bytes = static_cast<std::size_t>(made_.count * made_.sample_elements);
  made_.samples = Bytes(bytes);
  std::memset(made_.samples.data(), 0, bytes);
  made_.labels.resize(static_cast<std::size_t>(made_.count));
  // From either batch on: that batch, the other, and what is fetched ahead.
  for (std::int64_t i = 0; i < 3 * batch + kLookAhead; ++i)
    rows_.push_back(static_cast<std::int32_t>(i % made_.count));
}

const std::int32_t* AugmentedBatches::make(int thread, int threads, std::int64_t epoch, std::int64_t step,
                                           const std::int32_t* rows) {
  const std::int64_t first = step % 2 * batch_, elements = made_.sample_elements;
  for (std::int64_t b = thread * batch_ / threads; b < (thread + 1) * batch_ / threads; ++b) {
    augmenter_.make(source_.samples.data() + rows[b] * elements, epoch, step * batch_ + b,
                    scratch_[static_cast<std::size_t>(thread)],
                    made_.samples.data() + (first + b) * elements);
    made_.labels[static_cast<std::size_t>(first + b)] = source_.labels[static_cast<std::size_t>(rows[b])];
  }
  return rows_.data() + first;
}

}  // namespace netc::runtime

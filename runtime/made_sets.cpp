#include "runtime/made_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "runtime/philox.h"

namespace netc::runtime {
namespace {

using std::numbers::pi;

constexpr double kMostPoints = 10'000'000;
constexpr MadeNumber kPoints{"n", 1000, 2, kMostPoints, true};
constexpr MadeNumber kNoise{"noise", 0, 0, 1000, false};
constexpr MadeNumber kSeed{"seed", 0, 0, 4294967295.0, true};

constexpr MadeNumber kPlain[] = {kPoints, kNoise, kSeed};
constexpr MadeNumber kOfCircles[] = {kPoints, kNoise, kSeed, {"factor", 0.8, 0, 1, false}};
constexpr MadeNumber kOfSpirals[] = {
    kPoints, kNoise, kSeed, {"turns", 1.5, 0.01, 100, false}, {"arms", 2, 2, 100, true}};
constexpr MadeNumber kOfBlobs[] = {kPoints,
                                   kSeed,
                                   {"classes", 3, 2, 1000, true},
                                   {"features", 2, 1, 1000, true},
                                   {"deviation", 1, 0, 1000, false}};
constexpr MadeNumber kOfCheckerboard[] = {kPoints, kNoise, kSeed, {"squares", 4, 2, 1000, true}};

// Numbers from 0 to 1, and normal ones, each a function of the seed, its stream and its place.
class Random {
 public:
  Random(const char* stream, double seed)
      : stream_(stream_of(stream)), seed_(static_cast<std::uint64_t>(seed)) {}
  double uniform(std::int64_t i) const {
    return (static_cast<double>(random_bits(seed_, stream_, 0, static_cast<std::uint64_t>(i))) + 0.5) *
           0x1p-32;
  }
  // Box and Muller's.
  double normal(std::int64_t i) const {
    return std::sqrt(-2 * std::log(uniform(2 * i))) * std::cos(2 * pi * uniform(2 * i + 1));
  }

 private:
  std::uint64_t stream_, seed_;
};

struct Point {
  double x = 0, y = 0;
  std::int64_t label = 0;
};

Table make_table(std::vector<std::string> names, std::int64_t rows) {
  Table table{.name = {}, .columns = {}, .rows = rows, .lines = {}, .sample_extents = {}};
  for (std::string& name : names)
    table.columns.push_back({.name = std::move(name),
                             .numbers = std::vector<double>(static_cast<std::size_t>(rows)),
                             .codes = {},
                             .texts = {}});
  return table;
}

// Points of a plane, with noise.
template <typename At>
Table plane(const MadeNumbers& numbers, At at) {
  const auto count = static_cast<std::int64_t>(numbers.at("n"));
  const double noise = numbers.at("noise");
  const Random random("noise", numbers.at("seed"));
  Table table = make_table({"x", "y", "class"}, count);
  for (std::int64_t i = 0; i < count; ++i) {
    const Point point = at(i, count);
    const auto row = static_cast<std::size_t>(i);
    table.columns[0].numbers[row] = point.x + noise * random.normal(2 * i);
    table.columns[1].numbers[row] = point.y + noise * random.normal(2 * i + 1);
    table.columns[2].numbers[row] = static_cast<double>(point.label);
  }
  return table;
}

// Point i of `count` belongs to class i * classes / count, and is one of so many there.
struct Place {
  std::int64_t label = 0, i = 0, count = 0;
};
Place place_of(std::int64_t i, std::int64_t count, std::int64_t classes) {
  const auto first = [&](std::int64_t label) { return (label * count + classes - 1) / classes; };
  const std::int64_t label = i * classes / count;
  return {label, i - first(label), first(label + 1) - first(label)};
}

Table make_moons(const MadeNumbers& numbers) {
  return plane(numbers, [](std::int64_t i, std::int64_t count) -> Point {
    const Place place = place_of(i, count, 2);
    const double t =
        place.count > 1 ? pi * static_cast<double>(place.i) / static_cast<double>(place.count - 1) : 0;
    if (place.label == 0) return {std::cos(t), std::sin(t), 0};
    return {1 - std::cos(t), 0.5 - std::sin(t), 1};
  });
}

Table make_circles(const MadeNumbers& numbers) {
  return plane(numbers, [factor = numbers.at("factor")](std::int64_t i, std::int64_t count) -> Point {
    const Place place = place_of(i, count, 2);
    const double t = 2 * pi * static_cast<double>(place.i) / static_cast<double>(place.count);
    const double radius = place.label == 0 ? 1 : factor;
    return {radius * std::cos(t), radius * std::sin(t), place.label};
  });
}

Table make_spirals(const MadeNumbers& numbers) {
  const double turns = numbers.at("turns"), arms = numbers.at("arms");
  return plane(numbers, [=](std::int64_t i, std::int64_t count) -> Point {
    const Place place = place_of(i, count, static_cast<std::int64_t>(arms));
    const double radius = std::sqrt((static_cast<double>(place.i) + 0.5) / static_cast<double>(place.count));
    const double angle = 2 * pi * (turns * radius + static_cast<double>(place.label) / arms);
    return {radius * std::cos(angle), radius * std::sin(angle), place.label};
  });
}

// Uniform over a square, with a class for each place.
template <typename Label>
Table make_square(const MadeNumbers& numbers, Label label) {
  const Random random("points", numbers.at("seed"));
  return plane(numbers, [&](std::int64_t i, std::int64_t) -> Point {
    const double x = 2 * random.uniform(2 * i) - 1, y = 2 * random.uniform(2 * i + 1) - 1;
    return {x, y, label(x, y)};
  });
}

Table make_xor(const MadeNumbers& numbers) {
  return make_square(numbers,
                     [](double x, double y) { return static_cast<std::int64_t>((x > 0) != (y > 0)); });
}

Table make_checkerboard(const MadeNumbers& numbers) {
  return make_square(numbers, [squares = numbers.at("squares")](double x, double y) {
    const auto number = [&](double at) { return static_cast<std::int64_t>((at + 1) / 2 * squares); };
    return (number(x) + number(y)) % 2;
  });
}

Table make_blobs(const MadeNumbers& numbers) {
  const auto count = static_cast<std::int64_t>(numbers.at("n")),
             classes = static_cast<std::int64_t>(numbers.at("classes")),
             features = static_cast<std::int64_t>(numbers.at("features"));
  const Random centers("centers", numbers.at("seed")), points("points", numbers.at("seed"));
  std::vector<std::string> names;
  for (std::int64_t k = 0; k < features; ++k) names.push_back(fmt::format("x{}", k + 1));
  names.emplace_back("class");
  Table table = make_table(std::move(names), count);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = place_of(i, count, classes).label;
    const auto row = static_cast<std::size_t>(i);
    for (std::int64_t k = 0; k < features; ++k) {
      table.columns[static_cast<std::size_t>(k)].numbers[row] =
          20 * centers.uniform(label * features + k) - 10 +
          numbers.at("deviation") * points.normal(i * features + k);
    }
    table.columns.back().numbers[row] = static_cast<double>(label);
  }
  return table;
}

constexpr MadeSet kSets[] = {
    {"moons", "two half circles that reach into one another", kPlain, make_moons},
    {"circles", "two circles, one in the other", kOfCircles, make_circles},
    {"spirals", "arms that wind around one another", kOfSpirals, make_spirals},
    {"xor", "a square whose quarters alternate", kPlain, make_xor},
    {"blobs", "normal clouds of points", kOfBlobs, make_blobs},
    {"checkerboard", "a square of squares that alternate", kOfCheckerboard, make_checkerboard},
};

}  // namespace

std::span<const MadeSet> made_sets() { return kSets; }

const MadeSet* find_made_set(std::string_view name) {
  auto found = std::ranges::find(kSets, name, &MadeSet::name);
  return found == std::end(kSets) ? nullptr : found;
}

Table make_set(const MadeSet& set, const MadeNumbers& numbers) {
  MadeNumbers all = numbers;
  for (const MadeNumber& number : set.numbers) all.try_emplace(std::string(number.name), number.value);
  Table table = set.make(all);
  table.name = set.name;
  return table;
}

}  // namespace netc::runtime

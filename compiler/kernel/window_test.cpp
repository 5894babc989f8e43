#include "compiler/kernel/window.h"

#include <algorithm>
#include <array>
#include <map>

#include <gtest/gtest.h>

#include "compiler/graph/index_map.h"

namespace netc::kernel {
namespace {

using graph::AffineTerm;
using graph::Extents;

using Place = std::vector<std::int64_t>;
// The points of a domain that meet in each element.
using Meeting = std::map<Place, std::vector<Place>>;

bool within(const Place& place, const Extents& extents) {
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0 || place[i] >= extents[i]) return false;
  }
  return true;
}

Place value(const IndexMap& map, const Place& at) {
  Place result;
  for (const AffineIndex& entry : map) result.push_back(graph::at(entry, at));
  return result;
}

// Row-major.
template <typename Visit>
void for_each_place(const Extents& extents, Visit&& visit) {
  Place place(extents.size());
  for (std::int64_t count = graph::element_count(extents); count > 0; --count) {
    visit(place);
    for (std::size_t axis = extents.size(); axis-- > 0;) {
      if (++place[axis] < extents[axis]) break;
      place[axis] = 0;
    }
  }
}

// As the graph says it.
Meeting meeting_in(const Extents& domain, const IndexMap& result, const Extents& extents) {
  Meeting all;
  for_each_place(domain, [&](const Place& point) {
    const Place element = value(result, point);
    if (within(element, extents)) all[element].push_back(point);
  });
  return all;
}

void append_divisions(const Window& window, Place& axes) {
  for (const Window::Division& division : window.divisions) {
    const std::int64_t dividend = graph::at(division.dividend, axes);
    const std::int64_t rest = (dividend % division.divisor + division.divisor) % division.divisor;
    axes.push_back(division.remainder ? rest : (dividend - rest) / division.divisor);
  }
}

// As the points say it; which of them lie in the domain is theirs to say too.
Meeting meeting_in(const Points& points, const Extents& domain, std::size_t rank) {
  Meeting all;
  for_each_place(points.extents, [&](const Place& place) {
    Place axes = place;
    append_divisions(points.window, axes);
    for (const Range& range : points.window.inside) {
      if (!within({graph::at(range.index, axes)}, {range.extent})) return;
    }
    const Place point = value(points.axes, axes);
    EXPECT_TRUE(within(point, domain));
    all[{place.begin(), place.begin() + static_cast<std::ptrdiff_t>(rank)}].push_back(point);
  });
  return all;
}

// The points of a reduction or contraction, which meet where the graph says; where no two axes are in one
// entry, in the graph's order: a maximum's place counts on it.
Points expect_points(const Extents& domain, const IndexMap& result, const Extents& extents) {
  Points points = points_of(domain, result, extents);
  Meeting wanted = meeting_in(domain, result, extents), got = meeting_in(points, domain, extents.size());
  if (!graph::is_separable(result)) {
    for (auto& entry : wanted) std::ranges::sort(entry.second);
    for (auto& entry : got) std::ranges::sort(entry.second);
  }
  EXPECT_EQ(got, wanted);
  return points;
}

AffineIndex place_of(std::vector<AffineTerm> terms, std::int64_t offset = 0) {
  return {offset, std::move(terms)};
}

TEST(Points, OfAConvolutionAreItsTaps) {
  // (row, column, tap row, tap column)
  const Points points = expect_points({4, 5, 3, 2}, graph::axes_map(std::array{0u, 1u}), {4, 5});
  EXPECT_EQ(points.window.extents, (Extents{3, 2}));
  EXPECT_TRUE(points.window.divisions.empty());
  EXPECT_TRUE(points.window.inside.empty());
}

TEST(Points, OfASumOfAllAreTheDomain) {
  EXPECT_EQ(expect_points({3, 4}, {}, {}).window.extents, (Extents{3, 4}));
}

TEST(Points, OfAnAxisThatIsKeptAreThoseOfTheOthers) {
  EXPECT_EQ(expect_points({3, 4, 2}, graph::axes_map(std::array{1u}), {4}).window.extents, (Extents{3, 2}));
}

// What comes back to a place is from those windows that it was in.
TEST(Points, OfOverlappingWindowsStopAtTheEnds) {
  const Points points = expect_points({5, 3}, {place_of({{0, 1}, {1, 1}})}, {7});
  EXPECT_EQ(points.window.extents.size(), 1u);
  EXPECT_TRUE(points.window.divisions.empty());
}

TEST(Points, OfWindowsWithPaddingLeaveItOut) {
  expect_points({5, 3}, {place_of({{0, 1}, {1, 1}}, -1)}, {5});
  expect_points({3, 4}, {place_of({{0, 2}, {1, 1}}, -2)}, {5});
}

// A stride of 2 brings two of four taps to each place, and not four of which two do not fit.
TEST(Points, OfStridesAreTheTapsThatFit) {
  const Points points = expect_points({6, 4}, {place_of({{0, 2}, {1, 1}})}, {14});
  EXPECT_EQ(points.window.extents, (Extents{2}));
}

TEST(Points, OfWindowsSideBySideAreOneEach) {
  EXPECT_EQ(expect_points({4, 3}, {place_of({{0, 3}, {1, 1}})}, {12}).window.extents, (Extents{1}));
}

TEST(Points, OfStridesLargerThanTheWindowMissPlaces) {
  expect_points({4, 2}, {place_of({{0, 3}, {1, 1}})}, {11});
  expect_points({4}, {place_of({{0, 3}})}, {10});
}

TEST(Points, OfDilationsAndStridesFit) {
  expect_points({4, 3}, {place_of({{0, 1}, {1, 2}})}, {8});
  expect_points({4, 3}, {place_of({{0, 2}, {1, 3}}, -1)}, {11});
  expect_points({4, 3}, {place_of({{0, 3}, {1, 2}}, -2)}, {12});
  expect_points({3, 3}, {place_of({{0, 2}, {1, 2}}, -1)}, {8});
}

TEST(Points, OfBothDirectionsAreIndependent) {
  expect_points({2, 3, 3, 2, 3},
                {place_of({{0, 1}}), place_of({{1, 2}, {3, 1}}), place_of({{2, 1}, {4, 2}}, -1)}, {2, 6, 6});
}

// Groups of channels: group * size + channel.
TEST(Points, OfGroupsOfChannelsAreTheChannelsOwn) {
  EXPECT_EQ(graph::element_count(expect_points({3, 4, 2}, {place_of({{0, 4}, {1, 1}})}, {12}).window.extents),
            2);
}

TEST(Points, OfADiagonalAreWhereTheEntriesAgree) {
  expect_points({4}, {place_of({{0, 1}}), place_of({{0, 1}})}, {4, 4});
  expect_points({4, 2}, {place_of({{0, 1}, {1, 1}}), place_of({{0, 1}})}, {5, 4});
  expect_points({3, 4, 2}, {place_of({{0, 1}, {1, 1}}), place_of({{1, 1}, {2, 3}})}, {6, 7});
  expect_points({3, 4}, {place_of({{0, 1}, {1, 1}}), place_of({{0, 1}, {1, -1}}, 3)}, {6, 6});
  expect_points({3, 4}, {place_of({{0, 2}, {1, 1}}), place_of({{0, 1}, {1, 3}})}, {8, 12});
}

TEST(Points, OfNegativeCoefficientsGoBackwards) {
  expect_points({4}, {place_of({{0, -1}}, 3)}, {4});
  expect_points({4, 3}, {place_of({{0, -2}, {1, 1}}, 6)}, {9});
}

TEST(Points, AskOnlyWhatIsNotAlwaysSo) {
  Points points = points_of({4, 3}, graph::axes_map(std::array{0u}), {4});
  const IndexMap at = points.at({place_of({{0, 1}, {1, 1}}, -1)});
  EXPECT_EQ(points.leaving(at, {5}).size(), 1u);
  EXPECT_TRUE(points.leaving(points.at({place_of({{0, 1}, {1, 1}})}), {6}).empty());
  points.require_inside(at, {5});
  EXPECT_EQ(points.window.inside.size(), 1u);
  EXPECT_TRUE(points.leaving(at, {5}).empty());
}

}  // namespace
}  // namespace netc::kernel

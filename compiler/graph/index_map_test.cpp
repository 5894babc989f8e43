#include "compiler/graph/index_map.h"

#include <gtest/gtest.h>

namespace netc::graph {
namespace {

// offset + coefficient * d[axis]
AffineIndex entry(std::int64_t offset, std::uint32_t axis, std::int64_t coefficient = 1) {
  return {.offset = offset, .terms = {{axis, coefficient}}};
}

TEST(IndexMapTest, EvaluatesAffineEntries) {
  AffineIndex window{.offset = -1, .terms = {{0, 2}, {2, 3}}};
  EXPECT_EQ(at(window, std::array<std::int64_t, 3>{5, 100, 7}), -1 + 10 + 21);
}

TEST(IndexMapTest, RecognisesTheIdentity) {
  EXPECT_TRUE(is_identity(identity_map(3)));
  EXPECT_TRUE(is_identity({}));
  EXPECT_FALSE(is_identity({entry(0, 1), entry(0, 0)}));
  EXPECT_FALSE(is_identity({entry(1, 0)}));
  EXPECT_FALSE(is_identity({entry(0, 0, 2)}));
  EXPECT_EQ(axes_map(std::array<std::uint32_t, 2>{0, 1}), identity_map(2));
}

TEST(IndexMapTest, ComposesAndCancels) {
  IndexMap outer{{.offset = 1, .terms = {{0, 2}, {1, 1}}}};
  IndexMap inner{entry(3, 0), entry(0, 0, -2)};
  EXPECT_EQ(compose(outer, inner), (IndexMap{{.offset = 7, .terms = {}}}));
  IndexMap apart{entry(0, 1), entry(4, 0, 5)};
  EXPECT_EQ(compose(outer, apart), (IndexMap{{.offset = 5, .terms = {{0, 5}, {1, 2}}}}));
  EXPECT_EQ(compose(outer, identity_map(2)), outer);
}

TEST(IndexMapTest, KnowsWhetherItLeavesATensor) {
  EXPECT_TRUE(stays_inside(identity_map(2), {3, 4}, {3, 4}));
  EXPECT_FALSE(stays_inside(identity_map(2), {3, 5}, {3, 4}));
  EXPECT_TRUE(stays_inside({entry(3, 0, -1)}, {4}, {4}));
  EXPECT_FALSE(stays_inside({entry(2, 0, -1)}, {4}, {4}));
  EXPECT_TRUE(stays_inside({}, {4}, {}));
}

TEST(IndexMapTest, InvertsWhatReordersAndShifts) {
  IndexMap turn{entry(0, 2), entry(3, 0), entry(0, 1)};
  std::optional<IndexMap> inverse = inverse_of(turn, 3);
  ASSERT_TRUE(inverse);
  EXPECT_EQ(compose(turn, *inverse), identity_map(3));
  EXPECT_EQ((*inverse)[0].offset, -3);
  EXPECT_FALSE(inverse_of({entry(0, 0), entry(0, 0)}, 2));
  EXPECT_FALSE(inverse_of({entry(0, 0)}, 2));
  EXPECT_FALSE(inverse_of({entry(0, 0, 2)}, 1));
}

TEST(IndexMapTest, SeparableMapsUseEachAxisOnce) {
  EXPECT_TRUE(is_separable({entry(0, 2, 3), {.offset = 4, .terms = {}}}));
  EXPECT_FALSE(is_separable({entry(0, 1), entry(0, 1)}));
  EXPECT_FALSE(is_separable({{.offset = 0, .terms = {{0, 1}, {1, 1}}}}));
  EXPECT_EQ(used_axes({entry(0, 2), entry(0, 1, 0)}, 3), (std::vector<bool>{false, false, true}));
}

}  // namespace
}  // namespace netc::graph

#include "compiler/support/diagnostics.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kNamed{"test-named", "there is no `{}`"};
constexpr DiagnosticKind<int, int> kNumbers{"test-numbers", "{} is not {}"};
constexpr DiagnosticKind<> kPlain{"test-plain", "no"};

TEST(Diagnostics, SortsByPlaceAndKeepsTheOrderOfEquals) {
  Diagnostics diagnostics;
  diagnostics.error(kPlain, {SourceId{1}, 0, 1});
  diagnostics.error(kNamed, {SourceId{0}, 9, 10}, "a");
  diagnostics.error(kNumbers, {SourceId{0}, 9, 10}, 1, 2);
  diagnostics.error(kPlain, {SourceId{0}, 2, 3});
  const auto sorted = diagnostics.sorted();
  ASSERT_EQ(sorted.size(), 4u);
  EXPECT_EQ(sorted[0].kind, "test-plain");
  EXPECT_EQ(sorted[1].message, "there is no `a`");
  EXPECT_EQ(sorted[2].message, "1 is not 2");
  EXPECT_EQ(sorted[3].span.source, SourceId{1});
}

TEST(Diagnostics, KeepsTheFirstOfAKindAtASpan) {
  Diagnostics diagnostics;
  diagnostics.error(kNamed, {SourceId{0}, 1, 2}, "a").caret("first").hint("one");
  diagnostics.error(kNamed, {SourceId{0}, 1, 2}, "b").caret("second").hint("two");
  diagnostics.error(kNamed, {SourceId{0}, 1, 3}, "c");
  const auto sorted = diagnostics.sorted();
  ASSERT_EQ(sorted.size(), 2u);
  EXPECT_EQ(sorted[0].message, "there is no `a`");
  EXPECT_EQ(sorted[0].caret, "first");
  EXPECT_EQ(sorted[0].hints, std::vector<std::string>{"one"});
  EXPECT_EQ(diagnostics.error_count(), 2u);
}

TEST(Diagnostics, WarningsAreNoErrors) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.empty());
  diagnostics.warning(kPlain, {SourceId{0}, 0, 0});
  EXPECT_FALSE(diagnostics.empty());
  EXPECT_FALSE(diagnostics.has_errors());
}

}  // namespace
}  // namespace netc

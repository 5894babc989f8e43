#include "compiler/support/render.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

constexpr DiagnosticKind<> kShape{"test-shape", "`conv` needs an image, but gets a vector of 128"};
constexpr DiagnosticKind<> kPlain{"test-plain", "no"};

class Render : public testing::Test {
 protected:
  SourceId add(std::string text) { return sources_.add("a.net", std::move(text)); }
  // Of the first place where `part` stands.
  Span span(SourceId source, std::string_view part) const {
    const auto begin = static_cast<std::uint32_t>(sources_.text(source).find(part));
    return {source, begin, begin + static_cast<std::uint32_t>(part.size())};
  }
  std::string shown(const RenderOptions& options = {}) const {
    return render_all(sources_, diagnostics_, options);
  }

  Sources sources_;
  Diagnostics diagnostics_;
};

TEST_F(Render, MessagePlaceCaretsLabelsHint) {
  const SourceId source = add("input 8\ndense 128 relu\nconv 8 3x3 relu\n");
  diagnostics_.error(kShape, span(source, "conv"))
      .caret("and this cannot take it")
      .label(span(source, "dense 128 relu"), "this makes a vector of 128")
      .hint("put `conv` before `dense`");
  EXPECT_EQ(shown(), R"(error: `conv` needs an image, but gets a vector of 128
  --> a.net:3:1
  |
2 | dense 128 relu
  | -------------- this makes a vector of 128
3 | conv 8 3x3 relu
  | ^^^^ and this cannot take it
  |
  = hint: put `conv` before `dense`
)");
}

TEST_F(Render, ABlankLineBetweenTwo) {
  const SourceId source = add("a b");
  diagnostics_.error(kPlain, span(source, "b"));
  diagnostics_.warning(kPlain, span(source, "a"));
  EXPECT_EQ(shown(), R"(warning: no
  --> a.net:1:1
  |
1 | a b
  | ^

error: no
  --> a.net:1:3
  |
1 | a b
  |   ^
)");
}

TEST_F(Render, SeveralMarksOnALine) {
  const SourceId source = add("one two three four");
  diagnostics_.error(kPlain, span(source, "two"))
      .caret("second")
      .label(span(source, "four"), "last")
      .label(span(source, "one"), "first")
      .label(span(source, "three"), "");
  EXPECT_EQ(shown(), R"(error: no
  --> a.net:1:5
  |
1 | one two three four
  | --- ^^^ ----- ---- last
  | |   second
  | first
)");
}

TEST_F(Render, LinesLeftOutAndAWideGutter) {
  const SourceId source = add("first\n\n\n\n\n\n\n\n\nlast\n");
  diagnostics_.error(kPlain, span(source, "last")).label(span(source, "first"), "here");
  EXPECT_EQ(shown(), R"(error: no
   --> a.net:10:1
   |
1  | first
   | ----- here
...
10 | last
   | ^^^^
)");
}

TEST_F(Render, ALabelInAnotherSource) {
  const SourceId source = add("dense 3");
  const SourceId prelude = sources_.add("<prelude>/losses.net", "loss f(y) = y\n");
  diagnostics_.error(kPlain, span(source, "3")).label(span(prelude, "f"), "defined here");
  EXPECT_EQ(shown(), R"(error: no
  --> a.net:1:7
  |
1 | dense 3
  |       ^
  ::: <prelude>/losses.net:1:6
  |
1 | loss f(y) = y
  |      - defined here
)");
}

TEST_F(Render, PointsAtLineEndsAndAtTheEnd) {
  const SourceId source = add("let a =\r\n");
  diagnostics_.error(kPlain, {source, 7, 8});
  diagnostics_.error(kPlain, {source, 9, 9});
  EXPECT_EQ(shown(), R"(error: no
  --> a.net:1:8
  |
1 | let a =
  |        ^

error: no
  --> a.net:2:1
  |
2 |
  | ^
)");
}

TEST_F(Render, TabsWideAndCombiningCharactersAlign) {
  const SourceId source = add("\ta\t日e\xCC\x81 x");
  diagnostics_.error(kPlain, span(source, "x"));
  EXPECT_EQ(shown(), "error: no\n  --> a.net:1:8\n  |\n1 |     a   日e\xCC\x81 x\n  |             ^\n");
}

TEST_F(Render, ASpanOverLinesIsMarkedOnItsFirst) {
  const SourceId source = add("block {\n  a\n}\n");
  diagnostics_.error(kPlain, {source, 6, 13});
  EXPECT_EQ(shown(), "error: no\n  --> a.net:1:7\n  |\n1 | block {\n  |       ^\n");
}

TEST_F(Render, LongLinesAreCutAroundTheMark) {
  const SourceId source = add(std::string(500, 'a') + "X" + std::string(500, 'b'));
  diagnostics_.error(kPlain, span(source, "X"));
  EXPECT_EQ(shown(), "error: no\n  --> a.net:1:501\n  |\n1 | …" + std::string(33, 'a') + "X" +
                         std::string(66, 'b') + "…\n  | " + std::string(34, ' ') + "^\n");
}

TEST_F(Render, LongLinesAreCutBehindWhenTheMarkIsNearTheBegin) {
  const SourceId source = add("X" + std::string(300, 'b'));
  diagnostics_.error(kPlain, {source, 0, 200});
  EXPECT_EQ(shown(), "error: no\n  --> a.net:1:1\n  |\n1 | X" + std::string(99, 'b') + "…\n  | " +
                         std::string(100, '^') + "\n");
}

TEST_F(Render, ControlCharactersAreNeverPrinted) {
  const SourceId source = sources_.add("a\x1b.net", "a\x1b[2J\xFF b");
  diagnostics_.error(kPlain, span(source, "b")).caret("c\x07").hint("d\ne");
  for (const char c : shown()) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << int(c);
}

TEST_F(Render, ColorOnlyWhenAsked) {
  const SourceId source = add("a");
  diagnostics_.error(kPlain, span(source, "a")).caret("b");
  EXPECT_EQ(shown().find('\x1b'), std::string::npos);
  EXPECT_EQ(shown({.color = true}).substr(0, 23), "\x1b[1;31merror\x1b[0m\x1b[1m: n");
}

}  // namespace
}  // namespace netc

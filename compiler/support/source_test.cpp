#include "compiler/support/source.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

TEST(Sources, KeepTextsWhereTheyAre) {
  Sources sources;
  const SourceId first = sources.add("a.net", "x");
  const std::string* text = &sources.text(first);
  for (int i = 0; i < 100; ++i) sources.add("b.net", "y");
  EXPECT_EQ(text, &sources.text(first));
  EXPECT_EQ(sources.name(first), "a.net");
  EXPECT_EQ(sources.text(Span{first, 0, 1}), "x");
}

void expect_position(const Sources& sources, SourceId source, std::uint32_t offset, std::uint32_t line,
                     std::uint32_t column) {
  const Position position = sources.position(source, offset);
  EXPECT_EQ(position.line, line) << "at " << offset;
  EXPECT_EQ(position.column, column) << "at " << offset;
}

TEST(Sources, LinesAndColumnsCountFromOneInCodePoints) {
  Sources sources;
  const SourceId source = sources.add("a.net", "ab\r\né日x\n");
  expect_position(sources, source, 0, 1, 1);
  expect_position(sources, source, 2, 1, 3);
  expect_position(sources, source, 4, 2, 1);
  expect_position(sources, source, 6, 2, 2);
  expect_position(sources, source, 9, 2, 3);
  expect_position(sources, source, 11, 3, 1);
  expect_position(sources, source, 99, 3, 1);
  EXPECT_EQ(sources.line(source, 1), "ab");
  EXPECT_EQ(sources.line(source, 2), "é日x");
  EXPECT_EQ(sources.line(source, 3), "");
  EXPECT_EQ(sources.line_begin(source, 2), 4u);
}

TEST(Sources, ByteOrderMarkIsNoColumn) {
  Sources sources;
  const SourceId source = sources.add("a.net",
                                      "\xEF\xBB\xBF"
                                      "ab");
  expect_position(sources, source, 0, 1, 1);
  expect_position(sources, source, 3, 1, 1);
  expect_position(sources, source, 4, 1, 2);
  EXPECT_EQ(sources.line(source, 1), "ab");
}

TEST(Sources, PositionsInLongTextsAreExact) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "é";
  Sources sources;
  const SourceId source = sources.add("a.net", text + "\n" + text);
  expect_position(sources, source, 2 * 1234, 1, 1235);
  expect_position(sources, source, 10000, 1, 5001);
  expect_position(sources, source, 10001 + 2 * 4321, 2, 4322);
  expect_position(sources, source, 20001, 2, 5001);
}

TEST(Span, CoverIsTheSmallestOfBoth) {
  EXPECT_EQ(cover({SourceId{0}, 3, 5}, {SourceId{0}, 7, 9}), (Span{SourceId{0}, 3, 9}));
  EXPECT_EQ(cover({SourceId{0}, 7, 9}, {SourceId{0}, 3, 5}), (Span{SourceId{0}, 3, 9}));
}

}  // namespace
}  // namespace netc

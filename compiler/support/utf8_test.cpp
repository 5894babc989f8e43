#include "compiler/support/utf8.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

TEST(Utf8, DecodesOneToFourBytes) {
  const std::string text = "aé日😀";
  EXPECT_EQ(decode_utf8(text, 0).value, U'a');
  EXPECT_EQ(decode_utf8(text, 1).value, U'é');
  EXPECT_EQ(decode_utf8(text, 3).value, U'日');
  EXPECT_EQ(decode_utf8(text, 6).value, U'😀');
  EXPECT_EQ(decode_utf8(text, 6).length, 4u);
  EXPECT_EQ(find_invalid_utf8(text), std::nullopt);
}

TEST(Utf8, FindsTheFirstWrongByte) {
  EXPECT_EQ(find_invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(find_invalid_utf8("é\xC3"), 2u) << "cut short";
  EXPECT_EQ(find_invalid_utf8("a\xE6\x97"), 1u) << "cut short";
  EXPECT_EQ(find_invalid_utf8("\xC0\xAF"), 0u) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xE0\x80\xAF"), 0u) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xED\xA0\x80"), 0u) << "surrogate";
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0u) << "past the last code point";
  EXPECT_EQ(find_invalid_utf8("a\x80"), 1u) << "continuation alone";
}

TEST(Utf8, NamesWhatDoesNotShow) {
  EXPECT_EQ(invisible_name(0), "U+0000 (NUL)");
  EXPECT_EQ(invisible_name(0x1B), "U+001B (ESC)");
  EXPECT_EQ(invisible_name(0x7F), "U+007F (DEL)");
  EXPECT_EQ(invisible_name(0x9B), "U+009B (control character)");
  EXPECT_EQ(invisible_name(0x202E), "U+202E (right-to-left override)");
  EXPECT_EQ(invisible_name(U'é'), "");
  EXPECT_EQ(invisible_name(U' '), "");
}

TEST(Utf8, PrintableTextHoldsNoControlCharacter) {
  EXPECT_EQ(printable("a\x1b[31m\n\x7f"), "a␛[31m␊␡");
  EXPECT_EQ(printable("é日"), "é日");
  EXPECT_EQ(printable("a\xFF\xE2\x80\xAE"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8, WidthsOnATerminal) {
  EXPECT_EQ(display_width(U'a'), 1);
  EXPECT_EQ(display_width(U'é'), 1);
  EXPECT_EQ(display_width(0x301), 0);
  EXPECT_EQ(display_width(U'日'), 2);
  EXPECT_EQ(display_width(U'😀'), 2);
  EXPECT_EQ(display_width(U'…'), 1);
}

}  // namespace
}  // namespace netc

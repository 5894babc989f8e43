#include "compiler/support/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace netc {
namespace {

struct Range {
  char32_t first, last;
};

// Ordered; the blocks that matter in practice, not the whole of the Unicode tables.
constexpr Range kCombining[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x610, 0x61A},
                                {0x64B, 0x65F},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},  {0x20D0, 0x20FF},
                                {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                           {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
                           {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t character) {
  const Range* found =
      std::lower_bound(std::begin(ranges), std::end(ranges), character,
                       [](const Range& range, char32_t value) { return range.last < value; });
  return found != std::end(ranges) && found->first <= character;
}

constexpr std::array<std::string_view, 32> kControlNames = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS",  "TAB", "LF",
    "VT",  "FF",  "CR",  "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
    "SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US"};

struct Named {
  char32_t character;
  std::string_view name;
};
constexpr Named kInvisible[] = {{0x7F, "DEL"},
                                {0xA0, "no-break space"},
                                {0xAD, "soft hyphen"},
                                {0x200B, "zero width space"},
                                {0x200C, "zero width non-joiner"},
                                {0x200D, "zero width joiner"},
                                {0x200E, "left-to-right mark"},
                                {0x200F, "right-to-left mark"},
                                {0x2028, "line separator"},
                                {0x2029, "paragraph separator"},
                                {0x202A, "left-to-right embedding"},
                                {0x202B, "right-to-left embedding"},
                                {0x202C, "pop directional formatting"},
                                {0x202D, "left-to-right override"},
                                {0x202E, "right-to-left override"},
                                {0x202F, "narrow no-break space"},
                                {0x2060, "word joiner"},
                                {0x2066, "left-to-right isolate"},
                                {0x2067, "right-to-left isolate"},
                                {0x2068, "first strong isolate"},
                                {0x2069, "pop directional isolate"},
                                {0x3000, "ideographic space"},
                                {0xFEFF, "byte-order mark"}};

std::string_view name_of(char32_t character) {
  if (character < kControlNames.size()) return kControlNames[character];
  for (const Named& named : kInvisible)
    if (named.character == character) return named.name;
  return character >= 0x80 && character < 0xA0 ? "control character" : "";
}

// Those that take a column of their own and so may stay as they are.
bool is_blank(char32_t character) { return character == 0xA0 || character == 0x202F || character == 0x3000; }

// Bytes that a first byte announces, and the least code point worth that many; 0 bytes when it cannot be a
// first byte.
struct Lead {
  std::uint32_t length;
  char32_t bits, least;
};

Lead read_lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const Lead lead = read_lead(static_cast<unsigned char>(text[at]));
  if (lead.length == 0 || at + lead.length > text.size()) return {};
  char32_t value = lead.bits;
  for (std::size_t i = at + 1; i < at + lead.length; ++i) {
    if (is_code_point_start(text[i])) return {};
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < lead.least || value > 0x10FFFF || surrogate) return {};
  return {value, lead.length, true};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint character = decode_utf8(text, at);
    if (!character.valid) return at;
    at += character.length;
  }
  return std::nullopt;
}

std::string invisible_name(char32_t character) {
  const std::string_view name = name_of(character);
  return name.empty() ? "" : fmt::format("U+{:04X} ({})", static_cast<std::uint32_t>(character), name);
}

int display_width(char32_t character) {
  if (character < 0x300) return 1;
  if (contains(kCombining, character)) return 0;
  return contains(kWide, character) ? 2 : 1;
}

void append_printable(std::string& out, std::string_view text, const CodePoint& character, std::size_t at) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (!character.valid) out += kReplacement;
  else if (character.value < 0x20) out += {'\xE2', '\x90', static_cast<char>(0x80 + character.value)};
  else if (character.value == 0x7F) out += "\xE2\x90\xA1";
  else if (!is_blank(character.value) && !name_of(character.value).empty()) out += kReplacement;
  else out += text.substr(at, character.length);
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint character = decode_utf8(text, at);
    append_printable(out, text, character, at);
    at += character.length;
  }
  return out;
}

}  // namespace netc

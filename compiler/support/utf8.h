#pragma once
// Characters: reading UTF-8, and showing on a terminal what cannot be shown as it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netc {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr bool is_code_point_start(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

struct CodePoint {
  char32_t value = 0;
  std::uint32_t length = 1;  // in bytes; 1 when invalid
  bool valid = false;        // neither cut short, nor overlong, nor a surrogate
};

// Precondition: at < text.size().
CodePoint decode_utf8(std::string_view text, std::size_t at);

// Where the first byte stands that is not UTF-8.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// For a character that does not show, its number and name such as `U+0007 (BEL)`; empty for any other.
std::string invisible_name(char32_t character);

// Columns on a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji.
int display_width(char32_t character);

// Text for a terminal: control characters become pictures such as ␇, other invisible ones and invalid bytes
// the replacement character.
std::string printable(std::string_view text);
// The same for one character.
void append_printable(std::string& out, std::string_view text, const CodePoint& character, std::size_t at);

}  // namespace netc

#include "compiler/syntax/literals.h"

#include <algorithm>
#include <charconv>

#include "compiler/support/check.h"
#include "compiler/support/utf8.h"

namespace netc {
namespace {

// Up to here a double, which is what a number becomes, holds every integer exactly.
constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;

constexpr DiagnosticKind<std::string> kNumberOutOfRange{"number-out-of-range",
                                                        "`{}` is out of the range of numbers"};
constexpr DiagnosticKind<std::string> kIntegerTooLarge{"integer-too-large", "the integer `{}` is too large"};
constexpr DiagnosticKind<std::string> kUnknownEscape{"unknown-escape", "there is no escape `{}`"};
constexpr DiagnosticKind<std::string> kControlInString{"control-in-string",
                                                       "a string cannot hold the character {}"};

bool is_integer(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

std::optional<double> to_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  NETC_CHECK(end == text.data() + text.size(), "a number token that does not read as a number");
  return value;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value <= kMaxInteger ? std::optional(value) : std::nullopt;
}

// The character that stands for itself behind a backslash, or 'n' or 't' resolved.
std::optional<char> resolve_escape(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case 'n': return '\n';
    case 't': return '\t';
    default: return std::nullopt;
  }
}

class Checker {
 public:
  explicit Checker(Reporter& reporter) : reporter_(reporter) {}

  void check(const Token& token) {
    const std::string_view text = reporter_.text(token);
    if (token.kind == TokenKind::kNumber) check_number(token, text);
    if (token.kind == TokenKind::kPercent) check_number(token, text.substr(0, text.size() - 1));
    if (token.kind == TokenKind::kShape) check_extents(token, text);
    if (token.kind == TokenKind::kString) check_string(token, text);
  }

 private:
  void check_number(const Token& token, std::string_view digits) {
    if (is_integer(digits)) return check_integer(token);
    if (!to_double(digits))
      reporter_.error(kNumberOutOfRange, token, reporter_.quoted(token))
          .caret("numbers reach from 5e-324 to 1.8e308");
  }

  void check_integer(const Token& token) {
    const std::string_view text = reporter_.text(token);
    if (to_integer(text.substr(0, text.find('%')))) return;
    reporter_.error(kIntegerTooLarge, token, reporter_.quoted(token))
        .caret(fmt::format("at most {}", kMaxInteger))
        .hint("with an exponent, as in `1e20`, a number need not be exact");
  }

  void check_extents(const Token& token, std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('x', begin), text.size());
      if (!to_integer(text.substr(begin, end - begin))) {
        const auto at = token.begin + static_cast<std::uint32_t>(begin);
        const Token part{token.kind, at, at + static_cast<std::uint32_t>(end - begin)};
        reporter_.error(kIntegerTooLarge, part, reporter_.quoted(part))
            .caret(fmt::format("at most {}", kMaxInteger));
      }
      begin = end + 1;
    }
  }

  void check_string(const Token& token, std::string_view text) {
    for (std::size_t at = 1; at + 1 < text.size();) {
      const bool escape = text[at] == '\\';
      const CodePoint character = decode_utf8(text, escape ? at + 1 : at);
      const auto begin = token.begin + static_cast<std::uint32_t>(at);
      const std::uint32_t length = character.length + (escape ? 1 : 0);
      const Token part{token.kind, begin, begin + length};
      if (escape && !resolve_escape(text[at + 1]))
        reporter_.error(kUnknownEscape, part, std::string(reporter_.text(part)))
            .hint("a string knows `\\\"`, `\\\\`, `\\n` and `\\t`; a backslash itself is `\\\\`");
      else if (character.value < 0x20 && character.value != '\t')
        reporter_.error(kControlInString, part, invisible_name(character.value));
      at += length;
    }
  }

  Reporter& reporter_;
};

}  // namespace

void check_literals(const Tokens& tokens, Reporter& reporter) {
  Checker checker(reporter);
  for (const Token& token : tokens) checker.check(token);
}

ast::Number read_number(std::string_view text) {
  return {.value = to_double(text).value(), .integer = is_integer(text), .percent = false};
}

ast::Number read_percent(std::string_view text) {
  return {
      .value = to_double(text.substr(0, text.size() - 1)).value() / 100, .integer = false, .percent = true};
}

ast::Extents read_extents(std::string_view text) {
  ast::Extents extents;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('x', begin), text.size());
    extents.values.push_back(to_integer(text.substr(begin, end - begin)).value());
    begin = end + 1;
  }
  return extents;
}

ast::String read_string(std::string_view text) {
  ast::String string;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    const bool escape = text[at] == '\\';
    if (escape) ++at;
    string.value += escape ? resolve_escape(text[at]).value() : text[at];
  }
  return string;
}

}  // namespace netc

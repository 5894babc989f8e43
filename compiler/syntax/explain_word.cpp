#include <array>

#include "compiler/support/suggest.h"
#include "compiler/support/utf8.h"
#include "compiler/syntax/explain.h"

namespace netc {
namespace {

constexpr DiagnosticKind<> kUnclosedString{"unclosed-string", "this string is not closed"};
constexpr DiagnosticKind<std::string> kMalformedNumber{"malformed-number", "`{}` is not a number"};
constexpr DiagnosticKind<> kMissingDigits{"missing-digits", "digits are missing behind the point"};
constexpr DiagnosticKind<> kLoneCarriageReturn{"lone-carriage-return",
                                               "a carriage return without a line feed"};
constexpr DiagnosticKind<std::string> kControlCharacter{"control-character",
                                                        "the character {} cannot stand here"};
constexpr DiagnosticKind<std::string> kUnusedCharacter{"unused-character",
                                                       "`{}` is not used in the language"};
constexpr DiagnosticKind<std::string> kMisspelledWord{"misspelled-word", "there is no statement `{}`"};
constexpr DiagnosticKind<std::string> kReservedWord{"reserved-word",
                                                    "`{}` is a reserved word and cannot be a name"};
constexpr DiagnosticKind<std::string> kMissingSeparator{
    "missing-separator", "`{}` begins a statement, but the one before has not ended"};

struct CharacterHint {
  std::string_view character, hint;
};
constexpr CharacterHint kCharacterHints[] = {
    {"…", "a range is written `..`"},
    {"×", "write `x`"},
    {"“", "strings stand in `\"`"},
    {"”", "strings stand in `\"`"},
    {"„", "strings stand in `\"`"},
    {"'", "strings stand in `\"`"},
    {"–", "write `-`"},
    {"−", "write `-`"},
    {"≤", "write `<=`"},
    {"≥", "write `>=`"},
    {"≠", "write `!=`"},
    {"%", "a share is written `10%`, without a space; there is no remainder"},
    {":", "a block is `name { … }`, a setting `key=value`"},
    {"[", "there are no lists"},
    {"]", "there are no lists"},
    {"&", "for `and`, multiply the comparisons"},
    {"|", "for `or`, take the `max` of the comparisons"},
    {"!", "for `not`, write `1 - …`"},
    {".", "there are no methods: a layer is a line such as `dense 10 relu`"},
    {"\\", "a line goes on after an operator, or inside `( )`"},
};

bool unclosed_string(const Situation& situation, Reporter& reporter) {
  if (situation.kind() != TokenKind::kBadString) return false;
  reporter.error(kUnclosedString, situation.token()).hint("it needs a `\"` before the end of the line");
  return true;
}

bool malformed_number(const Situation& situation, Reporter& reporter) {
  const Token at = situation.token();
  if (at.kind != TokenKind::kBadNumber) return false;
  const std::string text = reporter.quoted(at);
  const std::size_t letter = text.find_first_not_of("0123456789.%");
  DiagnosticBuilder diagnostic = reporter.error(kMalformedNumber, at, text);
  // `3x` may be a shape cut short, and `1e` an exponent.
  const bool product = letter != text.npos && text[letter] != 'e' && text.find('.', letter) == text.npos &&
                       (text[letter] != 'x' || letter + 1 == text.size()) && text.find("…") == text.npos;
  if (product && situation.in_expression)
    diagnostic.caret(fmt::format("write `{}*{}`", text.substr(0, letter), text.substr(letter)));
  else if (product) diagnostic.caret("a space is missing");
  return true;
}

bool missing_digits(const Situation& situation, Reporter& reporter) {
  const Token at = situation.token(), number = situation.token(-1);
  if (at.kind != TokenKind::kBadCharacter || reporter.text(at) != ".") return false;
  if (number.kind != TokenKind::kNumber || number.end != at.begin) return false;
  const std::string digits = reporter.quoted(number);
  reporter.error(kMissingDigits, reporter.span(number, at))
      .caret(fmt::format("write `{0}` or `{0}.0`", digits));
  return true;
}

bool wrong_character(const Situation& situation, Reporter& reporter) {
  const Token at = situation.token();
  if (at.kind != TokenKind::kBadCharacter) return false;
  const std::string_view text = reporter.text(at);
  const std::string name = invisible_name(decode_utf8(text, 0).value);
  if (text == "\r") {
    reporter.error(kLoneCarriageReturn, at).hint("lines end in LF or CR LF");
  } else if (!name.empty()) {
    reporter.error(kControlCharacter, at, name);
  } else {
    DiagnosticBuilder diagnostic = reporter.error(kUnusedCharacter, at, std::string(text));
    for (const CharacterHint& hint : kCharacterHints)
      if (hint.character == text) diagnostic.caret(std::string(hint.hint));
  }
  return true;
}

// `activaton f(x) = x`: read as a layer's name, until the `(` shows that it cannot be.
bool misspelled_word(const Situation& situation, Reporter& reporter) {
  static const std::array<std::string, 8> kWords = {"let",        "sweep",    "repeat", "block",
                                                    "activation", "schedule", "loss",   "optimizer"};
  if (!situation.in_command()) return false;
  const Token first = situation.first_token();
  const auto word = suggest(reporter.text(first), kWords);
  if (!word) return false;
  reporter.error(kMisspelledWord, first, reporter.quoted(first))
      .caret(fmt::format("did you mean `{}`?", *word));
  return true;
}

bool reserved_word(const Situation& situation, Reporter& reporter) {
  const Token at = situation.token();
  if (!is_reserved(at.kind)) return false;
  const bool begins =
      at.kind == TokenKind::kLet || at.kind == TokenKind::kSweep || at.kind == TokenKind::kRepeat;
  if (begins && situation.expected.has(TokenKind::kSeparator)) {
    reporter.error(kMissingSeparator, at, reporter.quoted(at))
        .caret("a new line or `;` is missing before it");
    return true;
  }
  if (!situation.expected.has(TokenKind::kName) || situation.expected.has(TokenKind::kNumber)) return false;
  reporter.error(kReservedWord, at, reporter.quoted(at));
  return true;
}

}  // namespace

bool explain_word(const Situation& situation, Reporter& reporter) {
  for (const Slip slip :
       {unclosed_string, malformed_number, missing_digits, wrong_character, misspelled_word, reserved_word})
    if (slip(situation, reporter)) return true;
  return false;
}

}  // namespace netc

#include "compiler/syntax/explain.h"

#include "compiler/syntax/layout.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string, std::string> kUnexpectedToken{"unexpected-token",
                                                                    "expected {}, found {}"};

std::string found(const Situation& situation, const Reporter& reporter) {
  const Token token = situation.token();
  if (token.kind == TokenKind::kEnd) return "the end of the file";
  if (token.kind != TokenKind::kSeparator) return "`" + reporter.quoted(token) + "`";
  if (reporter.text(token) == ";") return "`;`";
  const TokenKind next = situation.kind(1);
  if (token.begin < token.end || next != TokenKind::kRightBrace) return "the end of the line";
  return "`}`";
}

// The many tokens that may begin an argument, a value or an expression are one word to a reader.
std::string expected_name(const Situation& situation) {
  const TokenSet& expected = situation.expected;
  if (expected.has(TokenKind::kState)) {
    if (expected.has(TokenKind::kRightBrace)) return "an assignment";
    if (expected.has(TokenKind::kSeparator)) return "an argument";
  }
  if (expected.has(TokenKind::kNumber)) {
    if (situation.kind(-1) == TokenKind::kRepeat) return "a count";
    return situation.kind(-1) == TokenKind::kAssign ? "a value" : "an expression";
  }
  return situation.in_parameters ? "a parameter" : "a name";
}

std::string expected_words(const Situation& situation) {
  const TokenSet& expected = situation.expected;
  if (expected.has(TokenKind::kLet)) return "a statement";
  std::vector<std::string> words;
  if (expected.has(TokenKind::kName)) words.push_back(expected_name(situation));
  if (expected.has(TokenKind::kPlus) || expected.has(TokenKind::kTimes)) words.emplace_back("an operator");
  // A `(` after a name is always possible: worth a word only where it is the only way.
  if (expected.has(TokenKind::kCall) && words.empty()) words.emplace_back("`(`");
  if (expected.has(TokenKind::kAs) && !expected.has(TokenKind::kName)) words.emplace_back("`as`");
  for (const TokenKind kind :
       {TokenKind::kAssign, TokenKind::kRange, TokenKind::kComma, TokenKind::kRightParen, TokenKind::kThen,
        TokenKind::kElse, TokenKind::kLeftBrace, TokenKind::kRightBrace, TokenKind::kSeparator,
        TokenKind::kEnd})
    if (expected.has(kind)) words.emplace_back(words_for(kind));
  // The parser has left the arguments when it finds that no more of them come.
  const bool end_only = words.size() == 1 && expected.has(TokenKind::kSeparator);
  if (end_only && situation.in_command() && !situation.in_expression)
    words.insert(words.begin(), "an argument");
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i)
    all += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return all;
}

// Where a statement reaches over several lines without parentheses, what joined them may be the slip.
void label_joined_line(const Situation& situation, const Reporter& reporter, DiagnosticBuilder& diagnostic) {
  const auto line = [&](std::size_t i) { return reporter.position(situation.tokens[i]).line; };
  const std::uint32_t here = line(situation.at);
  std::size_t i = situation.at;
  while (i > situation.first && line(i - 1) == here) --i;
  if (i == situation.first) return;
  const Token& before = situation.tokens[i - 1];
  const Token& after = situation.tokens[i];
  if (joins_line_after(before.kind))
    diagnostic.label(reporter.span(before), "a line that ends so goes on in the next one");
  else if (joins_line_before(after.kind) && after.kind != TokenKind::kLeftBrace)
    diagnostic.label(reporter.span(after), "a line that begins so goes on from the one before");
}

}  // namespace

Token Situation::token(int offset) const {
  if (offset < 0 && at < static_cast<std::size_t>(-offset)) return tokens.back();
  const std::size_t index = at + static_cast<std::size_t>(offset);
  return index < tokens.size() ? tokens[index] : tokens.back();
}

void explain(const Situation& situation, Reporter& reporter) {
  const Token at = situation.token();
  if (reporter.has_bracket_error(situation.first_token().begin, at.begin)) return;
  // A block is open at the end, and pair_brackets() has said so.
  if (at.kind == TokenKind::kEnd && reporter.has_bracket_errors()) return;
  if (explain_word(situation, reporter) || explain_slip(situation, reporter)) return;

  // The end of a line is shown right behind its last word.
  const bool at_end = at.kind == TokenKind::kSeparator || at.kind == TokenKind::kEnd;
  const std::uint32_t end = at_end && situation.at > 0 ? situation.token(-1).end : at.begin;
  const Span span = at_end ? Span{reporter.source(), end, end} : reporter.span(at);
  DiagnosticBuilder diagnostic =
      reporter.error(kUnexpectedToken, span, expected_words(situation), found(situation, reporter));
  label_joined_line(situation, reporter, diagnostic);
}

}  // namespace netc

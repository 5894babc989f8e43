#include "compiler/syntax/lex.h"

#include <NetcLexer.h>

#include "compiler/support/utf8.h"
#include "compiler/syntax/antlr_tokens.h"
#include "compiler/syntax/parse.h"

namespace netc {
namespace {

// Bounds the parse tree, which takes kilobytes a word.
constexpr std::size_t kMaxTokens = 200'000;

constexpr DiagnosticKind<std::size_t, std::size_t> kSourceTooLarge{
    "source-too-large", "this program has {} bytes; a program has at most {}"};
constexpr DiagnosticKind<std::size_t> kTooManyWords{"too-many-words", "this program has more than {} words"};
constexpr DiagnosticKind<unsigned> kInvalidUtf8{"invalid-utf8", "the byte 0x{:02X} is not UTF-8"};

void check_encoding(Reporter& reporter) {
  const std::string_view text = reporter.text();
  if (text.size() > kMaxSourceBytes) {
    reporter.error(kSourceTooLarge, Span{reporter.source(), 0, 0}, text.size(), kMaxSourceBytes);
    throw StopReading{};
  }
  const auto found = find_invalid_utf8(text);
  if (!found) return;
  const auto at = static_cast<std::uint32_t>(*found);
  const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  reporter.error(kInvalidUtf8, Span{reporter.source(), at, at + 1}, static_cast<unsigned char>(text[at]))
      .hint(utf16 ? "the text begins like UTF-16: save it as UTF-8" : "save the text as UTF-8");
  throw StopReading{};
}

// ANTLR counts code points: this turns its places into byte offsets. Places are asked for in order.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view text) : text_(text) {
    if (text.starts_with(kByteOrderMark)) byte_ = kByteOrderMark.size();
  }
  std::uint32_t at(std::size_t code_point) {
    for (; code_point_ < code_point; ++code_point_) byte_ += decode_utf8(text_, byte_).length;
    return static_cast<std::uint32_t>(byte_);
  }

 private:
  std::string_view text_;
  std::size_t byte_ = 0, code_point_ = 0;
};

}  // namespace

Tokens lex(Reporter& reporter) {
  check_encoding(reporter);
  antlr4::ANTLRInputStream characters(std::string(reporter.text()));
  NetcLexer lexer(&characters);
  lexer.removeErrorListeners();
  ByteCursor bytes(reporter.text());
  Tokens tokens;
  for (;;) {
    const std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    if (token->getChannel() != antlr4::Token::DEFAULT_CHANNEL) continue;
    const TokenKind kind = from_antlr(token->getType());
    if (kind == TokenKind::kEnd) break;
    const std::uint32_t begin = bytes.at(token->getStartIndex());
    const Token found{kind, begin, bytes.at(token->getStopIndex() + 1)};
    // Of the line ends around blank lines and comments one is enough.
    if (reporter.is_line_end(found) && !tokens.empty() && reporter.is_line_end(tokens.back())) continue;
    tokens.push_back(found);
    if (tokens.size() > kMaxTokens) {
      reporter.error(kTooManyWords, found, kMaxTokens);
      throw StopReading{};
    }
  }
  const auto end = static_cast<std::uint32_t>(reporter.text().size());
  tokens.push_back({TokenKind::kEnd, end, end});
  return tokens;
}

}  // namespace netc

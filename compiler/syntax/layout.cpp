#include "compiler/syntax/layout.h"

#include "compiler/syntax/brackets.h"

namespace netc {
namespace {

// With the bound on brackets this bounds the height of every expression.
constexpr std::size_t kMaxOperators = 500;

constexpr DiagnosticKind<std::size_t> kTooManyOperators{"too-many-operators",
                                                        "a statement with more than {} operators"};

class Layout {
 public:
  Layout(const Tokens& in, Reporter& reporter)
      : in_(in), reporter_(reporter), paired_(pair_brackets(in, reporter)), joins_before_(in.size()) {
    bool joins = false;
    for (std::size_t i = in.size(); i-- > 0;) {
      joins_before_[i] = joins;
      if (!reporter.is_line_end(in[i])) joins = joins_line_before(in[i].kind);
    }
  }

  Tokens run() {
    for (std::size_t i = 0; i + 1 < in_.size(); ++i) {
      if (in_[i].kind == TokenKind::kSeparator) visit_separator(i);
      else visit_word(i);
    }
    end_statement();
    out_.push_back(in_.back());
    return std::move(out_);
  }

 private:
  bool statement_is_open() const {
    return !out_.empty() && out_.back().kind != TokenKind::kSeparator &&
           out_.back().kind != TokenKind::kLeftBrace;
  }

  void visit_separator(std::size_t i) {
    if (!statement_is_open()) return;
    if (reporter_.is_line_end(in_[i]) && (parentheses_ > 0 || joins_before_[i] || goes_on_after_last()))
      return;
    put(in_[i]);
  }

  void visit_word(std::size_t i) {
    Token token = in_[i];
    if (paired_[i]) parentheses_ += token.kind == TokenKind::kLeftParen ? 1 : -1;
    if (token.kind == TokenKind::kRightBrace) end_statement();
    const bool touches = !out_.empty() && is_name(out_.back().kind) && out_.back().end == token.begin;
    if (token.kind == TokenKind::kLeftParen && touches) token.kind = TokenKind::kCall;
    count_operators(token);
    put(token);
  }

  // `f(x) =` goes on, `key =` does not.
  bool goes_on_after_last() const {
    if (out_.back().kind != TokenKind::kAssign) return joins_line_after(out_.back().kind);
    return out_.size() > 1 && out_[out_.size() - 2].kind == TokenKind::kRightParen;
  }

  void end_statement() {
    if (statement_is_open()) put({TokenKind::kSeparator, out_.back().end, out_.back().end});
  }

  void put(const Token& token) { out_.push_back(token); }

  void count_operators(const Token& token) {
    const TokenKind kind = token.kind;
    if (kind == TokenKind::kLeftBrace || kind == TokenKind::kRightBrace || !statement_is_open())
      operators_ = 0;
    if (!is_arithmetic(kind) && !is_comparison(kind) && kind != TokenKind::kIf) return;
    if (++operators_ <= kMaxOperators) return;
    reporter_.error(kTooManyOperators, token, kMaxOperators).hint("give a part of it a name with `let`");
    throw StopReading{};
  }

  const Tokens& in_;
  Reporter& reporter_;
  std::vector<bool> paired_;
  std::vector<bool> joins_before_;  // whether the next token that is no newline joins the lines
  Tokens out_;
  int parentheses_ = 0;  // open pairs
  std::size_t operators_ = 0;
};

}  // namespace

bool joins_line_before(TokenKind kind) {
  return is_arithmetic(kind) || is_comparison(kind) || kind == TokenKind::kComma ||
         kind == TokenKind::kAssign || kind == TokenKind::kRange || kind == TokenKind::kThen ||
         kind == TokenKind::kElse || kind == TokenKind::kLeftBrace;
}

bool joins_line_after(TokenKind kind) {
  if (kind == TokenKind::kAssign || kind == TokenKind::kLeftBrace) return false;
  return joins_line_before(kind) || kind == TokenKind::kIf;
}

Tokens layout(const Tokens& tokens, Reporter& reporter) { return Layout(tokens, reporter).run(); }

}  // namespace netc

#include "compiler/syntax/brackets.h"

#include <algorithm>

namespace netc {
namespace {

constexpr std::size_t kMaxNesting = 200;

constexpr DiagnosticKind<> kUnclosedParenthesis{"unclosed-parenthesis", "this `(` is never closed"};
constexpr DiagnosticKind<> kUnopenedParenthesis{"unopened-parenthesis", "this `)` has no `(`"};
constexpr DiagnosticKind<> kUnclosedBrace{"unclosed-brace", "this `{{` is never closed"};
constexpr DiagnosticKind<> kUnopenedBrace{"unopened-brace", "this `}}` has no `{{`"};
constexpr DiagnosticKind<std::size_t> kNestedTooDeeply{"nested-too-deeply",
                                                       "brackets are nested more than {} deep"};

class Pairing {
 public:
  Pairing(const Tokens& tokens, Reporter& reporter)
      : tokens_(tokens), reporter_(reporter), paired_(tokens.size()) {}

  std::vector<bool> run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) visit(i);
    drop_parentheses();
    if (!braces_.empty()) blame_by_indentation();
    reporter_.sort_brackets();
    return std::move(paired_);
  }

 private:
  struct OpenBrace {
    std::size_t index;
    std::uint32_t column;
  };

  void visit(std::size_t i) {
    const TokenKind kind = tokens_[i].kind;
    const bool brace = kind == TokenKind::kLeftBrace || kind == TokenKind::kRightBrace;
    const bool semicolon = kind == TokenKind::kSeparator && !reporter_.is_line_end(tokens_[i]);
    if (brace || semicolon) drop_parentheses();
    if (kind == TokenKind::kLeftParen) open(parens_, i);
    if (kind == TokenKind::kRightParen) close_parenthesis(i);
    if (kind == TokenKind::kLeftBrace) open(braces_, i);
    if (kind == TokenKind::kRightBrace) close_brace(i);
  }

  void open(std::vector<std::size_t>& brackets, std::size_t i) {
    brackets.push_back(i);
    if (parens_.size() + braces_.size() <= kMaxNesting) return;
    reporter_.error(kNestedTooDeeply, tokens_[i], kMaxNesting)
        .hint("give an inner part a name: `let`, or `block`");
    throw StopReading{};
  }

  void close_parenthesis(std::size_t i) {
    if (parens_.empty()) {
      report(kUnopenedParenthesis, i);
      return;
    }
    paired_[parens_.back()] = paired_[i] = true;
    parens_.pop_back();
  }

  void close_brace(std::size_t i) {
    if (braces_.empty()) report(kUnopenedBrace, i);
    else braces_.pop_back();
  }

  void drop_parentheses() {
    for (const std::size_t i : parens_) report(kUnclosedParenthesis, i);
    parens_.clear();
  }

  // Some `{` is never closed: which one is read from the indentation. A `}` that begins a line under the line
  // of an outer `{` closes that one, and those in between are at fault; what cannot be decided so is blamed
  // on those left open at the end.
  void blame_by_indentation() {
    std::size_t missing = braces_.size();
    std::vector<OpenBrace> open;
    std::uint32_t column = 1;  // of the line's first word
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool begins_line = i == 0 || reporter_.is_line_end(tokens_[i - 1]);
      if (begins_line) column = reporter_.position(tokens_[i]).column;
      if (tokens_[i].kind == TokenKind::kLeftBrace) open.push_back({i, column});
      if (tokens_[i].kind != TokenKind::kRightBrace || open.empty()) continue;
      std::size_t inside = begins_line ? open_inside(open, column) : 0;
      for (; inside > 0 && missing > 0; --inside, --missing) {
        report(kUnclosedBrace, open.back().index)
            .label(reporter_.span(tokens_[i]), "this `}` stands further left, so it closes an outer block");
        open.pop_back();
      }
      open.pop_back();
    }
    for (const OpenBrace& brace : open) report(kUnclosedBrace, brace.index);
  }

  // How many are open inside the innermost one whose line begins at `column`; 0 where there is none.
  static std::size_t open_inside(const std::vector<OpenBrace>& open, std::uint32_t column) {
    const auto found = std::find_if(open.rbegin(), open.rend(),
                                    [&](const OpenBrace& brace) { return brace.column == column; });
    return found == open.rend() ? 0 : static_cast<std::size_t>(found - open.rbegin());
  }

  DiagnosticBuilder report(const DiagnosticKind<>& kind, std::size_t i) {
    reporter_.note_bracket(tokens_[i]);
    return reporter_.error(kind, tokens_[i]);
  }

  const Tokens& tokens_;
  Reporter& reporter_;
  std::vector<bool> paired_;
  std::vector<std::size_t> parens_, braces_;  // open ones
};

}  // namespace

std::vector<bool> pair_brackets(const Tokens& tokens, Reporter& reporter) {
  return Pairing(tokens, reporter).run();
}

}  // namespace netc

#pragma once
// Where the steps from text to AST report one source's errors.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/support/diagnostics.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// Thrown where reading must end early, the reason having been reported; parse.cpp catches it.
struct StopReading {};

class Reporter {
 public:
  Reporter(const Sources& sources, SourceId source, Diagnostics& diagnostics)
      : sources_(sources), source_(source), diagnostics_(diagnostics) {}

  SourceId source() const { return source_; }
  std::string_view text() const { return sources_.text(source_); }
  std::string_view text(const Token& token) const {
    return text().substr(token.begin, token.end - token.begin);
  }
  // The same for a message: a long one is cut.
  std::string quoted(const Token& token) const;
  // A separator, but no `;`.
  bool is_line_end(const Token& token) const {
    return token.kind == TokenKind::kSeparator && text(token) != ";";
  }
  Span span(const Token& token) const { return {source_, token.begin, token.end}; }
  Span span(const Token& first, const Token& last) const { return {source_, first.begin, last.end}; }
  // Line and column, both from 1.
  Position position(const Token& token) const { return sources_.position(source_, token.begin); }

  // Throws StopReading after so many errors that more would help nobody.
  template <typename... Args>
  DiagnosticBuilder error(const DiagnosticKind<Args...>& kind, Span span,
                          std::type_identity_t<Args>... args) {
    count(span);
    return diagnostics_.error(kind, span, std::forward<Args>(args)...);
  }
  template <typename... Args>
  DiagnosticBuilder error(const DiagnosticKind<Args...>& kind, const Token& at,
                          std::type_identity_t<Args>... args) {
    return error(kind, span(at), std::forward<Args>(args)...);
  }

  bool has_errors() const { return errors_ > 0; }

  // Brackets are paired before the parser runs: it keeps quiet where they are at fault.
  void note_bracket(const Token& bracket) { brackets_.push_back(bracket.begin); }
  void sort_brackets();
  bool has_bracket_errors() const { return !brackets_.empty(); }
  bool has_bracket_error(std::uint32_t first, std::uint32_t last) const;

 private:
  void count(Span span);

  const Sources& sources_;
  SourceId source_;
  Diagnostics& diagnostics_;
  std::vector<std::uint32_t> brackets_;
  std::size_t errors_ = 0;
};

}  // namespace netc

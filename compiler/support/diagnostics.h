#pragma once
// What netc tells a person about a program. A diagnostic is data; `render` (render.h) decides how it looks.
//
// A kind is declared beside the code that emits it and typed by its arguments:
//
//   constexpr DiagnosticKind<std::string_view> kUnknownLayer{"unknown-layer", "there is no layer `{}`"};
//   ...
//   diagnostics.error(kUnknownLayer, span, name).caret("did you mean `dense`?").hint("...");
//
// Wording: lower case, no full stop, code in backticks; the situation first, then the rule, then a hint.
// Every kind is shown by a golden test (tests/golden/diagnostics); a test reads the declarations, so a kind
// is declared in exactly the form above.

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/support/source.h"

namespace netc {

template <typename... Args>
struct DiagnosticKind {
  std::string_view name;  // stable, lower-case-with-dashes
  fmt::format_string<Args...> message;
};

enum class Severity { kError, kWarning };

// A second place that helps to understand the first, with a few words about it.
struct Label {
  Span span;
  std::string text;
};

struct Diagnostic {
  std::string_view kind;
  Severity severity = Severity::kError;
  Span span;
  std::string message;
  std::string caret;  // words behind the caret line, such as "did you mean `relu`?"; may be empty
  std::vector<Label> labels;
  std::vector<std::string> hints;
};

// Adds to a diagnostic just emitted; use it before the next one is.
class DiagnosticBuilder {
 public:
  explicit DiagnosticBuilder(Diagnostic& diagnostic) : diagnostic_(&diagnostic) {}
  DiagnosticBuilder& caret(std::string text);
  // Dropped where the span is empty: there is no place to show, as of data that the program does not mention.
  DiagnosticBuilder& label(Span span, std::string text);
  DiagnosticBuilder& hint(std::string text);

 private:
  Diagnostic* diagnostic_;
};

class Diagnostics {
 public:
  // Emitting the same kind at the same span twice keeps the first.
  template <typename... Args>
  DiagnosticBuilder error(const DiagnosticKind<Args...>& kind, Span span,
                          std::type_identity_t<Args>... args) {
    return add(Severity::kError, kind.name, span, fmt::format(kind.message, std::forward<Args>(args)...));
  }
  template <typename... Args>
  DiagnosticBuilder warning(const DiagnosticKind<Args...>& kind, Span span,
                            std::type_identity_t<Args>... args) {
    return add(Severity::kWarning, kind.name, span, fmt::format(kind.message, std::forward<Args>(args)...));
  }

  // Adds a label to all that were emitted since there were `count` of them.
  void label_since(std::size_t count, Span span, const std::string& text);

  std::size_t count() const { return list_.size(); }
  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  bool empty() const { return list_.empty(); }
  // By source, then place; emission order among equals.
  std::vector<Diagnostic> sorted() const;

 private:
  DiagnosticBuilder add(Severity severity, std::string_view kind, Span span, std::string message);
  std::vector<Diagnostic> list_;
  std::set<std::tuple<std::string_view, SourceId, std::uint32_t, std::uint32_t>> emitted_;
  Diagnostic repeated_;  // takes what is added to a suppressed repetition
  std::size_t errors_ = 0;
};

}  // namespace netc

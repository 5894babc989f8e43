#include "compiler/support/diagnostics.h"

#include <algorithm>

namespace netc {

DiagnosticBuilder& DiagnosticBuilder::caret(std::string text) {
  diagnostic_->caret = std::move(text);
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::label(Span span, std::string text) {
  if (span.begin == span.end) return *this;
  diagnostic_->labels.push_back({span, std::move(text)});
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::hint(std::string text) {
  diagnostic_->hints.push_back(std::move(text));
  return *this;
}

DiagnosticBuilder Diagnostics::add(Severity severity, std::string_view kind, Span span, std::string message) {
  if (!emitted_.emplace(kind, span.source, span.begin, span.end).second)
    return DiagnosticBuilder(repeated_ = {});
  if (severity == Severity::kError) ++errors_;
  list_.push_back({kind, severity, span, std::move(message), {}, {}, {}});
  return DiagnosticBuilder(list_.back());
}

void Diagnostics::label_since(std::size_t count, Span span, const std::string& text) {
  for (std::size_t i = count; i < list_.size(); ++i) DiagnosticBuilder(list_[i]).label(span, text);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = list_;
  std::stable_sort(result.begin(), result.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.source, a.span.begin) < std::tie(b.span.source, b.span.begin);
  });
  return result;
}

}  // namespace netc

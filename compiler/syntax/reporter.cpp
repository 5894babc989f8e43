#include "compiler/syntax/reporter.h"

#include <algorithm>

#include "compiler/support/utf8.h"

namespace netc {
namespace {

constexpr std::size_t kMaxErrors = 100;
constexpr std::size_t kMaxQuoted = 40;

constexpr DiagnosticKind<std::size_t> kTooManyErrors{"too-many-errors",
                                                     "more than {} errors: the rest is not read"};

}  // namespace

std::string Reporter::quoted(const Token& token) const {
  std::string_view all = text(token);
  if (all.size() <= kMaxQuoted) return std::string(all);
  std::size_t end = kMaxQuoted;
  while (end > 0 && !is_code_point_start(all[end])) --end;
  return std::string(all.substr(0, end)) + "…";
}

void Reporter::count(Span span) {
  if (++errors_ <= kMaxErrors) return;
  diagnostics_.error(kTooManyErrors, span, kMaxErrors);
  throw StopReading{};
}

void Reporter::sort_brackets() { std::sort(brackets_.begin(), brackets_.end()); }

bool Reporter::has_bracket_error(std::uint32_t first, std::uint32_t last) const {
  const auto found = std::lower_bound(brackets_.begin(), brackets_.end(), first);
  return found != brackets_.end() && *found <= last;
}

}  // namespace netc

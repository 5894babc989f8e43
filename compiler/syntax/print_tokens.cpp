#include <fmt/format.h>

#include "compiler/support/utf8.h"
#include "compiler/syntax/print.h"
#include "compiler/syntax/read_tokens.h"

namespace netc {

std::string print_tokens(const Sources& sources, SourceId source, Diagnostics& diagnostics) {
  Reporter reporter(sources, source, diagnostics);
  std::string out;
  try {
    for (const Token& token : read_tokens(reporter)) {
      const Position position = reporter.position(token);
      out += fmt::format("{}:{} {}", position.line, position.column, grammar_name(token.kind));
      const std::string_view text = reporter.text(token);
      const bool line_end = text.ends_with('\n');
      if (!text.empty() && !line_end) out += fmt::format(" {}", printable(text));
      out += '\n';
    }
  } catch (const StopReading&) {
    // What was read is printed as far as it goes; the reason stands in the diagnostics.
  }
  return out;
}

}  // namespace netc

#include "compiler/network/text.h"

#include <cctype>

#include <fmt/format.h>

namespace netc {

std::string one_line(const Sources& sources, Span span) {
  std::string result;
  bool quoted = false, comment = false, blank = false;
  char before = 0;
  for (char c : sources.text(span)) {
    if (c == '"' && !comment && !(quoted && before == '\\')) quoted = !quoted;
    before = before == '\\' && c == '\\' ? 0 : c;
    if (c == '\n') comment = false;
    if (c == '#' && !quoted) comment = true;
    if (comment || (!quoted && std::isspace(static_cast<unsigned char>(c)))) {
      blank = true;
      continue;
    }
    if (blank && !result.empty()) result += ' ';
    blank = false;
    result += c;
  }
  return result;
}

}  // namespace netc

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

std::string with_commas(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, ",");
  return digits;
}

std::string short_count(std::int64_t number) {
  if (number < 1000) return std::to_string(number);
  double scaled = static_cast<double>(number);
  std::size_t unit = 0;
  constexpr const char* kUnits[] = {"", " k", " M", " G", " T", " P", " E"};
  // Above 999.5 three digits would round to 1000.
  while (scaled >= 999.5) {
    scaled /= 1000;
    ++unit;
  }
  return scaled < 9.95 ? fmt::format("{:.1f}{}", scaled, kUnits[unit])
                       : fmt::format("{:.0f}{}", scaled, kUnits[unit]);
}

}  // namespace netc

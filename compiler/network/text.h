#pragma once
// Pieces of a program, and figures, as a person reads them.

#include <cstdint>
#include <string>

#include "compiler/support/source.h"

namespace netc {

// The text of a span on one line: comments gone, white space one blank.
std::string one_line(const Sources& sources, Span span);
// 101,770
std::string with_commas(std::int64_t number);
// 203 k, 1.7 k, 12 M: two digits or more
std::string short_count(std::int64_t number);

}  // namespace netc

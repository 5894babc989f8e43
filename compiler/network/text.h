#pragma once
// Pieces of a program, as a person reads them.

#include <string>

#include "compiler/support/source.h"

namespace netc {

// The text of a span on one line: comments gone, white space one blank.
std::string one_line(const Sources& sources, Span span);

}  // namespace netc

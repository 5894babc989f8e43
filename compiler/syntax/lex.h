#pragma once
// Text -> tokens.

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// Refuses, with StopReading, a text too large or not in UTF-8; skips a byte-order mark. A character or a word
// that means nothing becomes a token of its own for the parser to refuse, or a string or number token for
// check_literals().
Tokens lex(Reporter& reporter);

}  // namespace netc

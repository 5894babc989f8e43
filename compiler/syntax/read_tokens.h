#pragma once
// Text -> the tokens that the grammar sees.

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// Throws StopReading after a fault that forbids going on.
Tokens read_tokens(Reporter& reporter);

}  // namespace netc

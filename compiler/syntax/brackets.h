#pragma once
// Which bracket belongs to which.

#include <vector>

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// For each token, whether it is a parenthesis with a partner. A pair of parentheses counts only if no brace
// and no `;` lies between, so an unclosed `(` harms one statement. Reports brackets without a partner;
// refuses, with StopReading, too deep nesting.
std::vector<bool> pair_brackets(const Tokens& tokens, Reporter& reporter);

}  // namespace netc

#pragma once
// What number, shape and string tokens mean.

#include <optional>
#include <string>
#include <string_view>

#include "compiler/syntax/ast.h"
#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// Reports number, shape and string tokens without a meaning: out of range, an unknown escape.
void check_literals(const Tokens& tokens, Reporter& reporter);

// Precondition: check_literals() has found no fault in the token.
ast::Number read_number(std::string_view text);
ast::Number read_percent(std::string_view text);
ast::Extents read_extents(std::string_view text);
ast::String read_string(std::string_view text);

}  // namespace netc

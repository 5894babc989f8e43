#pragma once
// Text -> AST. The only folder that knows ANTLR.

#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"
#include "compiler/syntax/ast.h"

namespace netc {

// Precondition: `source` holds the text. Bounded: texts over 1 MiB and nesting over a limit are refused with a diagnostic.
// Empty exactly when an error was emitted.
std::optional<ast::Program> parse_program(const Sources& sources, SourceId source, Diagnostics& diagnostics);

// One expression, such as the VALUE of `--set NAME=VALUE`.
ast::ExprPtr parse_expression(const Sources& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace netc

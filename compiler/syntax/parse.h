#pragma once
// Text -> AST. The only folder that knows ANTLR.

#include <cstddef>
#include <optional>
#include <string>

#include "compiler/support/diagnostics.h"
#include "compiler/syntax/ast.h"

namespace netc {

// A longer text is refused; so a reader of files need not read more than one byte over it.
inline constexpr std::size_t kMaxSourceBytes = 1 << 20;

// Precondition: `source` holds the text. Empty exactly when an error was emitted. Time, memory and the height
// of the tree are bounded: long texts, deep brackets and long expressions are refused, and so is what follows
// a hundred errors.
std::optional<ast::Program> parse_program(const Sources& sources, SourceId source, Diagnostics& diagnostics);

// One expression, such as the VALUE of `--set NAME=VALUE`.
ast::ExprPtr parse_expression(const Sources& sources, SourceId source, Diagnostics& diagnostics);

}  // namespace netc

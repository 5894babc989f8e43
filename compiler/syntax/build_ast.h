#pragma once
// Parse tree -> AST. Costly to include.

#include <NetcParser.h>

#include "compiler/syntax/ast.h"
#include "compiler/syntax/reporter.h"

namespace netc {

// Precondition: the tree was parsed without an error. Reports what the grammar lets through: a definition
// inside a block, a key that is no name; the result is then not to be used. `tokens` are those of the
// parser's stream, one for one.
ast::Program build_program(NetcParser::FileContext* tree, const Tokens& tokens, Reporter& reporter);
ast::ExprPtr build_expression(NetcParser::OnlyContext* tree, const Tokens& tokens, Reporter& reporter);

}  // namespace netc

#pragma once
// `netc emit --stage=tokens` and `--stage=ast`.

#include <string>

#include "compiler/support/diagnostics.h"
#include "compiler/syntax/ast.h"

namespace netc {

// One token a line: `line:column KIND text`, after the layout filter.
std::string print_tokens(const Sources& sources, SourceId source, Diagnostics& diagnostics);

// An indented tree, one node a line with its line:column.
std::string print_ast(const Sources& sources, const ast::Program& program);

}  // namespace netc

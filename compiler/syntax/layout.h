#pragma once
// Tokens -> tokens: where statements end.
//
// A newline ends a statement unless the statement cannot end there or the next cannot begin: inside `( )`,
// after an operator, `,`, `..`, `if`, `then` or `else`, after the `=` of a definition, and before an
// operator, `,`, `=`, `..`, `then`, `else` or `{`. The grammar sees exactly one separator behind each
// statement, also before `}` and at the end, and none elsewhere; and a `(` that touches the name before it as
// kCall.

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

// Reports brackets that do not pair. Refuses, with StopReading, statements that would make a tree too deep to
// walk.
Tokens layout(const Tokens& tokens, Reporter& reporter);

// Whether a newline before / after such a token does not end a statement.
bool joins_line_before(TokenKind kind);
bool joins_line_after(TokenKind kind);

}  // namespace netc

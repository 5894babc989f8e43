#pragma once
// How the driver speaks to a person.

#include <cstdio>

#include "compiler/support/diagnostics.h"
#include "runtime/result.h"

namespace netc::driver {

bool is_terminal(std::FILE* file);
// To stderr; in colour on a terminal.
void print_diagnostics(const Sources& sources, const Diagnostics& diagnostics);
// `error: ...` and its hints, to stderr; in colour on a terminal.
void print_error(const runtime::Error& error);
// The same for a file that is missing or wrong; the exit code for that.
int data_error(const runtime::Error& error);
// The same where the program says what is wrong.
int data_error(const runtime::Error& error, const Sources& sources, Span span);

}  // namespace netc::driver

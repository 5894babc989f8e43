#include "compiler/driver/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "compiler/driver/exit_codes.h"
#include "compiler/support/render.h"

namespace netc::driver {

bool is_terminal(std::FILE* file) { return isatty(fileno(file)) != 0; }

namespace {

bool in_color() { return is_terminal(stderr) && std::getenv("NO_COLOR") == nullptr; }

}  // namespace

void print_diagnostics(const Sources& sources, const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return;
  fmt::print(stderr, "{}", render_all(sources, diagnostics, {in_color()}));
  const std::size_t errors = diagnostics.error_count();
  if (errors > 0) fmt::print(stderr, "\n{} error{}; nothing was run\n", errors, errors == 1 ? "" : "s");
}

void print_error(const runtime::Error& error) {
  std::fflush(stdout);  // what was said before stands before it
  const bool color = in_color();
  fmt::print(stderr, "{} {}\n", color ? "\x1b[1;31merror:\x1b[0m" : "error:", error.message);
  for (const std::string& hint : error.hints) fmt::print(stderr, "  = hint: {}\n", hint);
}

int data_error(const runtime::Error& error) {
  print_error(error);
  return kDataError;
}

}  // namespace netc::driver

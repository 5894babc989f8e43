#include "compiler/driver/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "compiler/support/render.h"

namespace netc::driver {

bool is_terminal(std::FILE* file) { return isatty(fileno(file)) != 0; }

void print_diagnostics(const Sources& sources, const Diagnostics& diagnostics) {
  if (diagnostics.empty()) return;
  const bool color = is_terminal(stderr) && std::getenv("NO_COLOR") == nullptr;
  fmt::print(stderr, "{}", render_all(sources, diagnostics, {color}));
  const std::size_t errors = diagnostics.error_count();
  if (errors > 0) fmt::print(stderr, "\n{} error{}; nothing was run\n", errors, errors == 1 ? "" : "s");
}

void print_error(const runtime::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  for (const std::string& hint : error.hints) fmt::print(stderr, "  = hint: {}\n", hint);
}

}  // namespace netc::driver

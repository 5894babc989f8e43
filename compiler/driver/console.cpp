#include "compiler/driver/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "compiler/driver/exit_codes.h"
#include "compiler/support/render.h"
#include "compiler/support/suggest.h"

namespace netc::driver {

bool is_terminal(std::FILE* file) { return isatty(fileno(file)) != 0; }

namespace {

bool in_color() { return is_terminal(stderr) && std::getenv("NO_COLOR") == nullptr; }

// `did you mean ...?`, or empty.
std::string nearest(const runtime::Error& error) {
  if (!error.unknown) return {};
  const std::optional<std::string> near = suggest(error.unknown->word, error.unknown->known);
  return near ? fmt::format("did you mean `{}`?", *near) : std::string();
}

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
  std::vector<std::string> hints = error.hints;
  if (std::string near = nearest(error); !near.empty()) hints = {std::move(near)};
  for (const std::string& hint : hints) fmt::print(stderr, "  = hint: {}\n", hint);
}

int data_error(const runtime::Error& error) {
  print_error(error);
  return kDataError;
}

int data_error(const runtime::Error& error, const Sources& sources, Span span) {
  Diagnostic diagnostic{.kind = "data",
                        .span = span,
                        .message = error.message,
                        .caret = nearest(error),
                        .labels = {},
                        .hints = {}};
  if (diagnostic.caret.empty()) diagnostic.hints = error.hints;
  std::fflush(stdout);
  fmt::print(stderr, "{}", render(sources, diagnostic, {in_color()}));
  return kDataError;
}

}  // namespace netc::driver

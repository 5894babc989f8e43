// Whatever the text: the parser ends, gives a program exactly when it gives no error, and what it gives can
// be printed.

#include <cstdint>
#include <string>

#include "compiler/support/check.h"
#include "compiler/support/render.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/print.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netc;
  Sources sources;
  const SourceId source = sources.add("fuzz.net", std::string(reinterpret_cast<const char*>(data), size));
  Diagnostics diagnostics;
  const auto program = parse_program(sources, source, diagnostics);
  NETC_CHECK(program.has_value() != diagnostics.has_errors(), "neither a program nor an error, or both");
  if (program) print_ast(sources, *program);
  render_all(sources, diagnostics, {.color = true});

  Diagnostics of_expression;
  const ast::ExprPtr expression = parse_expression(sources, source, of_expression);
  NETC_CHECK((expression != nullptr) != of_expression.has_errors(),
             "neither an expression nor an error, or both");
  return 0;
}

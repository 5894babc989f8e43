#include <string>

#include <gtest/gtest.h>

#include "compiler/syntax/parse.h"
#include "compiler/syntax/print.h"
#include "tests/golden/golden.h"

namespace netc {
namespace {

TEST(TokensGolden, AreAsWritten) {
  for (const golden::Program& program : golden::programs("tokens")) {
    SCOPED_TRACE(program.name);
    Sources sources;
    Diagnostics diagnostics;
    golden::expect(program, print_tokens(sources, sources.add(program.name, program.text), diagnostics));
  }
}

TEST(AstGolden, AreAsWritten) {
  for (const golden::Program& program : golden::programs("ast")) {
    SCOPED_TRACE(program.name);
    Sources sources;
    Diagnostics diagnostics;
    const auto tree = parse_program(sources, sources.add(program.name, program.text), diagnostics);
    EXPECT_EQ(render_all(sources, diagnostics), "");
    ASSERT_TRUE(tree.has_value());
    golden::expect(program, print_ast(sources, *tree));
  }
}

TEST(SyntaxDiagnosticsGolden, AreAsWritten) {
  for (const golden::Program& program : golden::programs("diagnostics", "syntax_")) {
    SCOPED_TRACE(program.name);
    Sources sources;
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_program(sources, sources.add(program.name, program.text), diagnostics).has_value());
    EXPECT_TRUE(diagnostics.has_errors());
    golden::expect(program, golden::diagnostics_text(sources, diagnostics));
  }
}

// Of programs too large to keep, the last message.
void expect_last_message(const std::string& name, std::string text) {
  SCOPED_TRACE(name);
  Sources sources;
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_program(sources, sources.add(name + ".net", std::move(text)), diagnostics).has_value());
  ASSERT_TRUE(diagnostics.has_errors());
  golden::expect(golden::folder() / "diagnostics" / (name + ".txt"),
                 golden::diagnostics_text(sources, {diagnostics.sorted().back()}));
}

std::string repeated(std::size_t times, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(SyntaxDiagnosticsGolden, OfLargePrograms) {
  expect_last_message("syntax_source_too_large", repeated(120'000, "dense 10\n"));
  expect_last_message("syntax_too_many_words", repeated(60'000, "a 1 2\n"));
  expect_last_message("syntax_too_many_errors", repeated(101, "dense 10, relu\n"));
}

}  // namespace
}  // namespace netc

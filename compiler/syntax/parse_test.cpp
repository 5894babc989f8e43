#include "compiler/syntax/parse.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "compiler/support/render.h"
#include "compiler/syntax/print.h"
#include "tests/golden/golden.h"

namespace netc {
namespace {

struct Parsed {
  Sources sources;
  SourceId source{};
  Diagnostics diagnostics;
  std::optional<ast::Program> program;

  explicit Parsed(std::string text) : source(sources.add("a.net", std::move(text))) {
    program = parse_program(sources, source, diagnostics);
  }
  std::string kind() const {
    return diagnostics.empty() ? "" : std::string(diagnostics.sorted().front().kind);
  }
};

std::string repeated(std::size_t times, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// The program is bounded in size, depth and errors whatever the text.
TEST(ParseLimits, LargeTexts) {
  EXPECT_EQ(Parsed(std::string(10'000'000, 'x')).kind(), "source-too-large");
  EXPECT_EQ(Parsed(std::string(kMaxSourceBytes, '\n')).kind(), "");
  EXPECT_EQ(Parsed(std::string(kMaxSourceBytes, '#')).kind(), "");
  EXPECT_EQ(Parsed(std::string(kMaxSourceBytes, 'x')).kind(), "");
  EXPECT_EQ(Parsed(std::string(kMaxSourceBytes, '"')).kind(), "too-many-words");
  EXPECT_EQ(Parsed(repeated(100'000, "a;")).kind(), "");
}

TEST(ParseLimits, DeepNesting) {
  EXPECT_EQ(Parsed(repeated(100'000, "x {")).kind(), "nested-too-deeply");
  EXPECT_EQ(Parsed("let a = " + std::string(100'000, '(')).kind(), "nested-too-deeply");
  EXPECT_EQ(Parsed("let a = " + repeated(90'000, "f(")).kind(), "nested-too-deeply");
  EXPECT_EQ(Parsed("let a = " + std::string(100'000, '-') + "1").kind(), "too-many-operators");
  EXPECT_EQ(Parsed("let a = " + repeated(90'000, "2^") + "1").kind(), "too-many-operators");
  EXPECT_EQ(Parsed("let a = " + repeated(90'000, "if ")).kind(), "too-many-operators");
  EXPECT_EQ(Parsed("let a = 1" + repeated(90'000, "+1")).kind(), "too-many-operators");
  EXPECT_EQ(Parsed("let a = 1" + repeated(200'000, "+1")).kind(), "too-many-words");
}

// What is just within the bounds can be built, printed and destroyed.
TEST(ParseLimits, DeepestThatIsAccepted) {
  for (const std::string& text :
       {"let a = " + repeated(100, "(-") + "1" + std::string(100, ')') + repeated(400, "+1"),
        "let a = " + repeated(499, "if x then 1 else ") + "1", "let a = " + repeated(500, "2^") + "1",
        "let a = " + repeated(200, "f(") + "1" + std::string(200, ')'),
        "let a = " + std::string(500, '-') + "1", repeated(200, "x {") + std::string(200, '}'),
        "x {" + repeated(199, "if(") + std::string(199, ')') + "}"}) {
    const Parsed parsed(text);
    if (parsed.program) {
      EXPECT_FALSE(print_ast(parsed.sources, *parsed.program).empty());
    }
    EXPECT_NE(parsed.kind(), "nested-too-deeply");
    EXPECT_NE(parsed.kind(), "too-many-operators");
  }
}

TEST(ParseLimits, StopsAfterAHundredErrors) {
  for (const char* line : {"dense 3 + 4\n", "let = 3\n", ")\n", "}\n", "x (;\n", "\"\n", "model \"\\q\"\n"}) {
    const Parsed parsed(repeated(10'000, line));
    EXPECT_EQ(parsed.diagnostics.error_count(), 101u) << line;
    EXPECT_EQ(parsed.diagnostics.sorted().back().kind, "too-many-errors") << line;
  }
}

TEST(Parse, NothingIsAProgram) {
  for (const char* text : {"", "\n", "# only a comment", "\r\n\r\n", ";;;", "\xEF\xBB\xBF", "\t \n"}) {
    const Parsed parsed(text);
    ASSERT_TRUE(parsed.program.has_value()) << text;
    EXPECT_TRUE(parsed.program->statements.empty()) << text;
  }
}

TEST(Parse, SpansAreBytes) {
  const Parsed parsed("\xEF\xBB\xBFmodel \"é日\" # é\r\n dense  (2*n) l2=-1\n");
  ASSERT_TRUE(parsed.program.has_value());
  const auto text = [&](Span span) { return parsed.sources.text(span); };
  const auto& statements = parsed.program->statements;
  ASSERT_EQ(statements.size(), 2u);
  EXPECT_EQ(text(statements[0].span), "model \"é日\"");
  EXPECT_EQ(text(statements[1].span), "dense  (2*n) l2=-1");
  const auto& dense = std::get<ast::Command>(statements[1].node);
  EXPECT_EQ(text(dense.name.span), "dense");
  EXPECT_EQ(text(dense.arguments[0].span), "(2*n)");
  EXPECT_EQ(text(dense.arguments[0].value->span), "2*n");
  EXPECT_EQ(text(dense.arguments[1].span), "l2=-1");
  EXPECT_EQ(text(dense.arguments[1].value->span), "-1");
}

TEST(Parse, SettingsAndDefinitionsOfLossAndOptimizer) {
  const Parsed parsed(
      "train { loss huber delta=1; optimizer adam }\nloss f(y, t) = y\noptimizer o() { w = w }\n");
  ASSERT_TRUE(parsed.program.has_value());
  const auto& statements = parsed.program->statements;
  const auto& inner = std::get<ast::Command>(statements[0].node).blocks[0].statements;
  EXPECT_EQ(std::get<ast::Command>(inner[0].node).arguments.size(), 2u);
  EXPECT_EQ(std::get<ast::Command>(inner[1].node).name.text, "optimizer");
  EXPECT_EQ(std::get<ast::FunctionDefinition>(statements[1].node).kind, ast::FunctionKind::kLoss);
  EXPECT_EQ(std::get<ast::OptimizerDefinition>(statements[2].node).body.size(), 1u);
}

std::string expression_kind(std::string text) {
  Sources sources;
  Diagnostics diagnostics;
  const ast::ExprPtr expr = parse_expression(sources, sources.add("--set a", std::move(text)), diagnostics);
  EXPECT_NE(expr != nullptr, diagnostics.has_errors());
  return diagnostics.empty() ? "" : std::string(diagnostics.sorted().front().kind);
}

TEST(ParseExpression, TakesOneExpression) {
  EXPECT_EQ(expression_kind("0.1"), "");
  EXPECT_EQ(expression_kind("-2*(3 + x)^2"), "");
  EXPECT_EQ(expression_kind("leaky_relu(0.01)"), "");
  EXPECT_EQ(expression_kind("if a then 1 else 2"), "");
  EXPECT_EQ(expression_kind(""), "unexpected-token");
  EXPECT_EQ(expression_kind("1 2"), "unexpected-token");
  EXPECT_EQ(expression_kind("1; 2"), "unexpected-token");
  EXPECT_EQ(expression_kind("a = 2"), "unexpected-token");
  EXPECT_EQ(expression_kind("(1"), "unclosed-parenthesis");
  EXPECT_EQ(expression_kind("}"), "unopened-brace");
  EXPECT_EQ(expression_kind("2 }"), "unopened-brace");
  EXPECT_EQ(expression_kind("1e999"), "number-out-of-range");
}

// Programs with pieces removed, doubled and swapped: a program or an error, never both or neither, and no
// flood of messages.
TEST(Parse, MutantsGiveAProgramOrAnError) {
  std::vector<golden::Program> corpus = golden::programs("ast");
  std::erase_if(corpus, [](const golden::Program& program) { return program.text.size() < 8; });
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int i = 0; i < 3000; ++i) {
    std::string text = corpus[below(corpus.size())].text;
    for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
      const std::string& other = corpus[below(corpus.size())].text;
      const std::size_t from = below(other.size());
      text.replace(below(text.size()), below(8), other.substr(from, below(8)));
      if (text.empty()) text = "\n";
    }
    const Parsed parsed(text);
    ASSERT_NE(parsed.program.has_value(), parsed.diagnostics.has_errors()) << text;
    const auto ends = std::count_if(text.begin(), text.end(),
                                    [](char c) { return std::strchr("\n;{}()\"\\", c) != nullptr; });
    ASSERT_LE(parsed.diagnostics.error_count(), static_cast<std::size_t>(ends) + 3) << text;
  }
}

}  // namespace
}  // namespace netc

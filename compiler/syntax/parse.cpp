#include "compiler/syntax/parse.h"

#include <NetcParser.h>

#include "compiler/syntax/antlr_tokens.h"
#include "compiler/syntax/build_ast.h"
#include "compiler/syntax/read_tokens.h"
#include "compiler/syntax/recovery.h"

namespace netc {
namespace {

// The tokens as a stream for ANTLR: kinds alone, since all else is found by index.
antlr4::ListTokenSource stream_of(const Tokens& tokens) {
  std::vector<std::unique_ptr<antlr4::Token>> list;
  list.reserve(tokens.size());
  for (const Token& token : tokens)
    list.push_back(std::make_unique<antlr4::CommonToken>(to_antlr(token.kind)));
  return antlr4::ListTokenSource(std::move(list));
}

// Text -> tokens -> tree -> AST by `rule` of the grammar and `build`; an empty result exactly when there was
// an error.
template <typename Result, typename Rule, typename Build>
Result parse_with(Reporter& reporter, Rule rule, Build build) {
  try {
    const Tokens tokens = read_tokens(reporter);
    antlr4::ListTokenSource source = stream_of(tokens);
    antlr4::CommonTokenStream stream(&source);
    NetcParser parser(&stream);
    parser.removeErrorListeners();
    parser.setErrorHandler(std::make_shared<Recovery>(tokens, reporter));
    auto* tree = (parser.*rule)();
    if (reporter.has_errors()) return Result();
    Result result = build(tree, tokens, reporter);
    return reporter.has_errors() ? Result() : std::move(result);
  } catch (const StopReading&) {
    return Result();
  }
}

}  // namespace

std::optional<ast::Program> parse_program(const Sources& sources, SourceId source, Diagnostics& diagnostics) {
  Reporter reporter(sources, source, diagnostics);
  return parse_with<std::optional<ast::Program>>(reporter, &NetcParser::file, build_program);
}

ast::ExprPtr parse_expression(const Sources& sources, SourceId source, Diagnostics& diagnostics) {
  Reporter reporter(sources, source, diagnostics);
  return parse_with<ast::ExprPtr>(reporter, &NetcParser::only, build_expression);
}

}  // namespace netc

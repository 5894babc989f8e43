#include "compiler/syntax/recovery.h"

#include "compiler/syntax/antlr_tokens.h"

namespace netc {
namespace {

// To the end of the statement, over whole blocks.
void skip_statement(antlr4::Parser* parser) {
  antlr4::TokenStream* tokens = parser->getTokenStream();
  for (int depth = 0;; parser->consume()) {
    const std::size_t type = tokens->LA(1);
    if (type == antlr4::Token::EOF) return;
    if (depth == 0 && (type == NetcParser::SEP || type == NetcParser::RBRACE)) return;
    if (type == NetcParser::LBRACE) ++depth;
    if (type == NetcParser::RBRACE) --depth;
  }
}

bool holds_statements(std::size_t rule) {
  return rule == NetcParser::RuleFile || rule == NetcParser::RuleBlock || rule == NetcParser::RuleUpdate;
}

}  // namespace

antlr4::Token* Recovery::recoverInline(antlr4::Parser* parser) {
  throw antlr4::InputMismatchException(parser);
}

void Recovery::recover(antlr4::Parser* parser, std::exception_ptr) { skip_statement(parser); }

// Called before every choice and every turn of a loop.
void Recovery::sync(antlr4::Parser* parser) {
  antlr4::TokenStream* tokens = parser->getTokenStream();
  if (!holds_statements(parser->getContext()->getRuleIndex())) {
    const auto* simulator = parser->getInterpreter<antlr4::atn::ParserATNSimulator>();
    const auto next = parser->getATN().nextTokens(simulator->atn.states[parser->getState()]);
    if (inErrorRecoveryMode(parser) || next.contains(antlr4::Token::EPSILON) || next.contains(tokens->LA(1)))
      return;
    // Here the expected set is whole: where the parser would stumble next it would be a single token.
    throw antlr4::InputMismatchException(parser);
  }
  while (tokens->LA(1) != antlr4::Token::EOF && !parser->getExpectedTokens().contains(tokens->LA(1))) {
    if (tokens->LA(1) == NetcParser::SEP) {
      parser->consume();
      endErrorCondition(parser);
    } else if (tokens->LA(1) == NetcParser::RBRACE) {
      // Without a partner, and so reported.
      parser->consume();
    } else {
      if (!inErrorRecoveryMode(parser)) {
        beginErrorCondition(parser);
        explain(situation(parser, tokens->index()), reporter_);
      }
      skip_statement(parser);
    }
  }
}

void Recovery::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& exception) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  explain(situation(parser, exception.getOffendingToken()->getTokenIndex()), reporter_);
}

Situation Recovery::situation(antlr4::Parser* parser, std::size_t at) const {
  Situation result{.tokens = tokens_, .at = at, .first = at, .expected = {}};
  for (const ssize_t type : parser->getExpectedTokens().toList())
    result.expected.add(from_antlr(static_cast<std::size_t>(type)));
  const antlr4::ParserRuleContext* context = parser->getContext();
  for (; context != nullptr; context = static_cast<const antlr4::ParserRuleContext*>(context->parent)) {
    const std::size_t rule = context->getRuleIndex();
    if (holds_statements(rule) && context->start->getType() == NetcParser::LBRACE) break;
    result.in_expression |= rule == NetcParser::RuleExpr;
    result.in_parameters |= rule == NetcParser::RuleParameters;
    result.in_parentheses |= rule == NetcParser::RuleParameters || rule == NetcParser::RuleCall;
    if (rule != NetcParser::RuleStatement && rule != NetcParser::RuleAssignment) continue;
    result.first = context->start->getTokenIndex();
    break;
  }
  return result;
}

}  // namespace netc

#pragma once
// Parse tree -> AST, for expressions and arguments. Costly to include.

#include <NetcParser.h>

#include "compiler/syntax/ast.h"
#include "compiler/syntax/reporter.h"

namespace netc {

class ExprBuilder {
 public:
  ExprBuilder(const Tokens& tokens, Reporter& reporter) : tokens_(tokens), reporter_(reporter) {}

  ast::Name name(NetcParser::NameContext* context) const;
  ast::ExprPtr expr(NetcParser::ExprContext* context) const;
  ast::ExprPtr atom(NetcParser::AtomContext* context) const;
  ast::Argument argument(NetcParser::ArgumentContext* context) const;
  std::vector<ast::Argument> arguments(const std::vector<NetcParser::ArgumentContext*>& contexts) const;
  // `context` may be null: no parameters.
  std::vector<ast::Parameter> parameters(NetcParser::ParametersContext* context) const;

  const Token& token(const antlr4::Token* at) const { return tokens_[at->getTokenIndex()]; }
  Span span(const antlr4::Token* at) const { return reporter_.span(token(at)); }
  Span span(const antlr4::ParserRuleContext* context) const;
  Span span(const antlr4::ParserRuleContext* first, const antlr4::ParserRuleContext* last) const;

 private:
  ast::ExprPtr make(decltype(ast::Expr::node) node, Span span) const;
  ast::ExprPtr comparison(NetcParser::ComparisonContext* context) const;
  ast::ExprPtr sum(NetcParser::SumContext* context) const;
  ast::ExprPtr product(NetcParser::ProductContext* context) const;
  ast::ExprPtr unary(NetcParser::UnaryContext* context) const;
  ast::ExprPtr power(NetcParser::PowerContext* context) const;
  ast::ExprPtr value(NetcParser::ValueContext* context) const;
  ast::ExprPtr literal(NetcParser::LiteralContext* context) const;
  ast::ExprPtr name_use(NetcParser::NameContext* context) const;
  ast::ExprPtr call(NetcParser::NameContext* function, NetcParser::CallContext* context) const;
  ast::CallArgument call_argument(NetcParser::CallArgumentContext* context) const;
  ast::BinaryOp binary_op(antlr4::tree::ParseTree* terminal) const;

  const Tokens& tokens_;
  Reporter& reporter_;
};

}  // namespace netc

#include "compiler/syntax/build_expr.h"

#include "compiler/support/check.h"
#include "compiler/syntax/literals.h"

namespace netc {
namespace {

constexpr DiagnosticKind<> kKeyIsNoName{"key-is-no-name", "a key before `=` is a name, not an expression"};

}  // namespace

Span ExprBuilder::span(const antlr4::ParserRuleContext* context) const { return span(context, context); }

Span ExprBuilder::span(const antlr4::ParserRuleContext* first, const antlr4::ParserRuleContext* last) const {
  return reporter_.span(token(first->start), token(last->stop));
}

ast::ExprPtr ExprBuilder::make(decltype(ast::Expr::node) node, Span span) const {
  return std::make_unique<ast::Expr>(ast::Expr{std::move(node), span});
}

ast::Name ExprBuilder::name(NetcParser::NameContext* context) const {
  return {std::string(reporter_.text(token(context->start))), span(context)};
}

ast::ExprPtr ExprBuilder::expr(NetcParser::ExprContext* context) const {
  if (context->IF() == nullptr) return comparison(context->comparison());
  const auto parts = context->expr();
  return make(ast::If{expr(parts[0]), expr(parts[1]), expr(parts[2])}, span(context));
}

ast::BinaryOp ExprBuilder::binary_op(antlr4::tree::ParseTree* terminal) const {
  auto* node = dynamic_cast<antlr4::tree::TerminalNode*>(terminal);
  NETC_CHECK(node != nullptr, "an operand where an operator was expected");
  switch (node->getSymbol()->getType()) {
    case NetcParser::PLUS: return ast::BinaryOp::kAdd;
    case NetcParser::MINUS: return ast::BinaryOp::kSubtract;
    case NetcParser::TIMES: return ast::BinaryOp::kMultiply;
    case NetcParser::DIVIDE: return ast::BinaryOp::kDivide;
    case NetcParser::POWER: return ast::BinaryOp::kPower;
    case NetcParser::LESS: return ast::BinaryOp::kLess;
    case NetcParser::LESS_EQUAL: return ast::BinaryOp::kLessEqual;
    case NetcParser::GREATER: return ast::BinaryOp::kGreater;
    case NetcParser::GREATER_EQUAL: return ast::BinaryOp::kGreaterEqual;
    case NetcParser::EQUAL: return ast::BinaryOp::kEqual;
    case NetcParser::NOT_EQUAL: return ast::BinaryOp::kNotEqual;
  }
  NETC_CHECK(false, "a token that is no binary operator");
}

ast::ExprPtr ExprBuilder::comparison(NetcParser::ComparisonContext* context) const {
  const auto operands = context->sum();
  if (operands.size() == 1) return sum(operands[0]);
  return make(ast::Binary{binary_op(context->children[1]), sum(operands[0]), sum(operands[1])},
              span(context));
}

// Operators group to the left. Between two operands of the children stands one operator.
ast::ExprPtr ExprBuilder::sum(NetcParser::SumContext* context) const {
  const auto operands = context->product();
  ast::ExprPtr left = product(operands[0]);
  for (std::size_t i = 1; i < operands.size(); ++i)
    left = make(ast::Binary{binary_op(context->children[2 * i - 1]), std::move(left), product(operands[i])},
                span(context, operands[i]));
  return left;
}

ast::ExprPtr ExprBuilder::product(NetcParser::ProductContext* context) const {
  const auto operands = context->unary();
  ast::ExprPtr left = unary(operands[0]);
  for (std::size_t i = 1; i < operands.size(); ++i)
    left = make(ast::Binary{binary_op(context->children[2 * i - 1]), std::move(left), unary(operands[i])},
                span(context, operands[i]));
  return left;
}

ast::ExprPtr ExprBuilder::unary(NetcParser::UnaryContext* context) const {
  if (context->MINUS() == nullptr) return power(context->power());
  return make(ast::Negate{unary(context->unary())}, span(context));
}

ast::ExprPtr ExprBuilder::power(NetcParser::PowerContext* context) const {
  ast::ExprPtr base = atom(context->atom());
  if (context->POWER() == nullptr) return base;
  return make(ast::Binary{ast::BinaryOp::kPower, std::move(base), unary(context->unary())}, span(context));
}

ast::ExprPtr ExprBuilder::atom(NetcParser::AtomContext* context) const {
  if (context->literal() != nullptr) return literal(context->literal());
  if (context->expr() != nullptr) return expr(context->expr());
  return context->call() == nullptr ? name_use(context->name()) : call(context->name(), context->call());
}

ast::ExprPtr ExprBuilder::value(NetcParser::ValueContext* context) const {
  if (context->atom() != nullptr) return atom(context->atom());
  const Token& number = token(context->stop);
  ast::ExprPtr operand = make(read_number(reporter_.text(number)), reporter_.span(number));
  return make(ast::Negate{std::move(operand)}, span(context));
}

ast::ExprPtr ExprBuilder::literal(NetcParser::LiteralContext* context) const {
  const std::string_view text = reporter_.text(token(context->start));
  if (context->NUMBER() != nullptr) return make(read_number(text), span(context));
  if (context->PERCENT() != nullptr) return make(read_percent(text), span(context));
  if (context->SHAPE() != nullptr) return make(read_extents(text), span(context));
  return make(read_string(text), span(context));
}

ast::ExprPtr ExprBuilder::name_use(NetcParser::NameContext* context) const {
  return make(ast::NameUse{std::string(reporter_.text(token(context->start)))}, span(context));
}

ast::ExprPtr ExprBuilder::call(NetcParser::NameContext* function, NetcParser::CallContext* context) const {
  ast::Call call{name(function), {}};
  for (NetcParser::CallArgumentContext* argument : context->callArgument())
    call.arguments.push_back(call_argument(argument));
  return make(std::move(call), span(function, context));
}

// The grammar has an expression before the `=`: a name is told from an expression only there.
ast::CallArgument ExprBuilder::call_argument(NetcParser::CallArgumentContext* context) const {
  const auto parts = context->expr();
  if (parts.size() == 1) return {std::nullopt, expr(parts[0])};
  const Token& key = token(parts[0]->start);
  if (parts[0]->start != parts[0]->stop || !is_name(key.kind)) reporter_.error(kKeyIsNoName, span(parts[0]));
  return {ast::Name{std::string(reporter_.text(key)), reporter_.span(key)}, expr(parts[1])};
}

ast::Argument ExprBuilder::argument(NetcParser::ArgumentContext* context) const {
  ast::Argument argument{std::nullopt, nullptr, span(context)};
  if (context->ASSIGN() != nullptr) {
    argument.key = name(context->name());
    argument.value = value(context->value());
  } else if (context->literal() != nullptr) {
    argument.value = literal(context->literal());
  } else if (context->expr() != nullptr) {
    argument.value = expr(context->expr());
  } else {
    argument.value =
        context->call() == nullptr ? name_use(context->name()) : call(context->name(), context->call());
  }
  return argument;
}

std::vector<ast::Argument> ExprBuilder::arguments(
    const std::vector<NetcParser::ArgumentContext*>& contexts) const {
  std::vector<ast::Argument> arguments;
  for (NetcParser::ArgumentContext* context : contexts) arguments.push_back(argument(context));
  return arguments;
}

std::vector<ast::Parameter> ExprBuilder::parameters(NetcParser::ParametersContext* context) const {
  std::vector<ast::Parameter> parameters;
  if (context == nullptr) return parameters;
  for (NetcParser::ParameterContext* parameter : context->parameter()) {
    ast::ExprPtr value = parameter->expr() == nullptr ? nullptr : expr(parameter->expr());
    parameters.push_back({name(parameter->name()), std::move(value), parameter->LEARN() != nullptr});
  }
  return parameters;
}

}  // namespace netc

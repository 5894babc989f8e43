#pragma once
// Visits to every part of an expression.

#include "compiler/support/overloaded.h"
#include "compiler/syntax/ast.h"

namespace netc {

// Calls `visit` with each direct operand, in the order of the text.
template <typename Visit>
void for_each_operand(const ast::Expr& expr, Visit&& visit) {
  std::visit(overloaded{
                 [&](const ast::Call& call) {
                   for (const ast::CallArgument& argument : call.arguments) visit(*argument.value);
                 },
                 [&](const ast::Negate& negate) { visit(*negate.operand); },
                 [&](const ast::Binary& binary) {
                   visit(*binary.left);
                   visit(*binary.right);
                 },
                 [&](const ast::If& choice) {
                   visit(*choice.condition);
                   visit(*choice.then_value);
                   visit(*choice.else_value);
                 },
                 [](const auto&) {},
             },
             expr.node);
}

// Calls `use(name, is_call)` for each name that the expression uses.
template <typename Use>
void for_each_name(const ast::Expr& expr, Use&& use) {
  if (const auto* name = std::get_if<ast::NameUse>(&expr.node)) use(name->name, false);
  if (const auto* call = std::get_if<ast::Call>(&expr.node)) use(call->function.text, true);
  for_each_operand(expr, [&](const ast::Expr& operand) { for_each_name(operand, use); });
}

}  // namespace netc

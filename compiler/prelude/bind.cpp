#include "compiler/prelude/bind.h"

#include <map>

#include "compiler/prelude/functions.h"
#include "compiler/prelude/ranges.h"
#include "compiler/prelude/walk.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarFunction;
using graph::ScalarId;

// The number for each parameter from `first` on: its argument's or its default's.
std::optional<std::vector<double>> constant_arguments(Lowering& lowering,
                                                      const ast::FunctionDefinition& definition,
                                                      std::size_t first, const MatchedArguments& matched,
                                                      const BindContext& context) {
  std::vector<double> numbers(definition.parameters.size());
  for (std::size_t i = first; i < numbers.size(); ++i) {
    const ast::Parameter& parameter = definition.parameters[i];
    numbers[i] = 1;
    if (matched.flags[i]) continue;
    const ast::Expr& value = matched.values[i] != nullptr ? *matched.values[i] : *parameter.default_value;
    ScalarExpr expr;
    const Scope* scope = matched.values[i] != nullptr ? &context.scope : lowering.scope_of(definition);
    std::optional<ScalarId> root = lowering.lower(expr.pool, value, {.nodes = {}, .scope = scope});
    if (!root) return std::nullopt;
    expr.root = *root;
    numbers[i] = graph::evaluate(expr, {});
    const bool checked = definition.kind == ast::FunctionKind::kLoss && lowering.is_built_in(definition);
    if (checked && !check_setting(parameter.name.text, numbers[i], value.span, context.diagnostics))
      return std::nullopt;
  }
  return numbers;
}

// Behind the operands that are numbered already.
void add_implicit_operands(const ast::FunctionDefinition& definition, ScalarFunction& function,
                           std::vector<ScalarId>& operands) {
  for (std::string_view name : implicit_operands(definition.kind)) {
    operands.push_back(function.expr.pool.operand(static_cast<std::uint32_t>(function.operands.size())));
    function.operands.emplace_back(name);
  }
}

struct BoundFunction {
  ScalarFunction function;
  std::vector<LearnedParameter> learned;
};

// Parameters before `first` and learned ones become operands, in order; the others their numbers.
std::optional<BoundFunction> bind_function(const ast::FunctionDefinition& definition, std::size_t first,
                                           Span use, std::span<const GivenArgument> arguments,
                                           const BindContext& context) {
  // A definition with too few parameters is reported by check_definition.
  if (definition.parameters.size() < first) return std::nullopt;
  Lowering lowering(context.prelude, context.user, context.diagnostics);
  const std::vector<bool> flags =
      flag_parameters(definition.parameters, std::array<const ast::Expr*, 1>{definition.body.get()});
  std::optional<MatchedArguments> matched =
      lowering.match(definition.name.text, definition.parameters, first, arguments, use, flags);
  if (!matched) return std::nullopt;
  std::optional<std::vector<double>> numbers =
      constant_arguments(lowering, definition, first, *matched, context);
  const std::optional<ScalarExpr>& body = lowering.body(definition);
  if (!numbers || !body) return std::nullopt;
  BoundFunction bound;
  ScalarExpr& expr = bound.function.expr;
  std::vector<ScalarId> operands;
  for (std::size_t i = 0; i < definition.parameters.size(); ++i) {
    const ast::Parameter& parameter = definition.parameters[i];
    if (i >= first && !parameter.learn) {
      operands.push_back(expr.pool.constant((*numbers)[i]));
      continue;
    }
    operands.push_back(expr.pool.operand(static_cast<std::uint32_t>(bound.function.operands.size())));
    bound.function.operands.push_back(parameter.name.text);
    if (parameter.learn) bound.learned.push_back({parameter.name.text, (*numbers)[i]});
  }
  add_implicit_operands(definition, bound.function, operands);
  expr.root = graph::inline_into(expr.pool, *body, operands);
  expr = graph::simplify(expr);
  return bound;
}

struct ParameterUse {
  bool asked = false;     // is the condition of an `if`
  bool reckoned = false;  // stands anywhere else
};

void note_uses(const ast::Expr& expr, std::map<std::string, ParameterUse, std::less<>>& uses) {
  if (const auto* name = std::get_if<ast::NameUse>(&expr.node)) uses[name->name].reckoned = true;
  const auto* choice = std::get_if<ast::If>(&expr.node);
  for_each_operand(expr, [&](const ast::Expr& operand) {
    const auto* name = std::get_if<ast::NameUse>(&operand.node);
    if (choice != nullptr && &operand == choice->condition.get() && name != nullptr)
      uses[name->name].asked = true;
    else note_uses(operand, uses);
  });
}

}  // namespace

std::vector<bool> flag_parameters(const std::vector<ast::Parameter>& parameters,
                                  std::span<const ast::Expr* const> bodies) {
  std::map<std::string, ParameterUse, std::less<>> uses;
  for (const ast::Expr* body : bodies) note_uses(*body, uses);
  std::vector<bool> flags;
  for (const ast::Parameter& parameter : parameters) {
    const ParameterUse& use = uses[parameter.name.text];
    flags.push_back(use.asked && !use.reckoned && parameter.default_value != nullptr);
  }
  return flags;
}

std::optional<Activation> bind_activation(const ast::FunctionDefinition& definition, std::string text,
                                          Span use, std::span<const GivenArgument> arguments,
                                          const BindContext& context) {
  std::optional<BoundFunction> bound = bind_function(definition, 1, use, arguments, context);
  if (!bound) return std::nullopt;
  return Activation{.name = std::move(text),
                    .kind = ActivationKind::kElementwise,
                    .function = std::move(bound->function),
                    .learned = std::move(bound->learned)};
}

std::optional<ScalarFunction> bind_loss(const ast::FunctionDefinition& definition, Span use,
                                        std::span<const GivenArgument> arguments,
                                        const BindContext& context) {
  std::optional<BoundFunction> bound = bind_function(definition, 2, use, arguments, context);
  if (!bound) return std::nullopt;
  return std::move(bound->function);
}

}  // namespace netc

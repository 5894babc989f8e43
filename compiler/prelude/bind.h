#pragma once
// A definition and its arguments -> what the rest of the compiler uses. Every function here is empty exactly
// when it reported an error, and works alike on a definition of the prelude and on a person's own.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compiler/prelude/lowering.h"
#include "compiler/prelude/prelude.h"

namespace netc {

struct BindContext {
  const Definitions& prelude;
  const Definitions& user;
  const Scope& scope;  // what the arguments see
  Diagnostics& diagnostics;
};

// `leaky_relu(0.1)`: `arguments` stand behind x. `text` is how the program says it, `use` where.
std::optional<Activation> bind_activation(const ast::FunctionDefinition& definition, std::string text,
                                          Span use, std::span<const GivenArgument> arguments,
                                          const BindContext& context);

// `huber delta=1.0`: `arguments` stand behind y and t, the result's operands 0 and 1; operand 2 is the number
// of classes.
std::optional<graph::ScalarFunction> bind_loss(const ast::FunctionDefinition& definition, Span use,
                                               std::span<const GivenArgument> arguments,
                                               const BindContext& context);

// Which parameters a bare word may set to 1, as in `sgd nesterov`: those that the body only asks with `if`.
std::vector<bool> flag_parameters(const std::vector<ast::Parameter>& parameters,
                                  std::span<const ast::Expr* const> bodies);

struct RuleOptions {
  bool without_decay = false;  // the parameter `decay` is 0 whatever is given
  // `reduce_lr`: the rate is multiplied by a factor of the step, and goes no further down than to this.
  std::optional<double> least_rate = std::nullopt;
};

// `adam lr=0.001`: arguments may depend on step, epoch and progress.
std::optional<OptimizerRule> bind_optimizer(const ast::OptimizerDefinition& definition, Span use,
                                            std::span<const GivenArgument> arguments,
                                            const RuleOptions& options, const BindContext& context);

// Whether a person's definition is right by itself, used or not: parameters, body, assignments. False after
// an error.
bool check_definition(const ast::FunctionDefinition& definition, const BindContext& context);
bool check_definition(const ast::OptimizerDefinition& definition, const BindContext& context);

}  // namespace netc

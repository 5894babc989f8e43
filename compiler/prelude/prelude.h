#pragma once
// What ships with netc and is written in netc: compiler/prelude/*.net, carried in the program and parsed at
// start, and the means to turn a definition, the prelude's or a person's, into scalar expressions.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph/scalar.h"
#include "compiler/layers/activation.h"
#include "compiler/support/diagnostics.h"
#include "compiler/syntax/ast.h"

namespace netc {

// What a name stands for where an expression is lowered.
struct NamedValue {
  graph::ScalarExpr expr;  // in terms of the lowering's operands
  std::string other;       // what it is when it is no number: `an activation`; else empty
  bool failed = false;     // its own error is reported already: uses stay silent
};
using Scope = std::map<std::string, NamedValue, std::less<>>;

// The definitions of one or several programs, by kind and name. Points into ASTs, which it keeps.
struct Definitions {
  std::vector<ast::Program> programs;
  std::map<std::string, const ast::FunctionDefinition*, std::less<>> activations, losses, schedules;
  std::map<std::string, const ast::OptimizerDefinition*, std::less<>> optimizers;
  // The top-level `let`s that the bodies see: constants.
  Scope values;
};

// Adds a program's definitions, which stays where it is.
void add_definitions(const ast::Program& program, Definitions& definitions);

// Parses the prelude. A fault in it is a bug of netc.
Definitions load_prelude(Sources& sources);

// The update rule of one parameter tensor. Operands of every expression, in order: w, g, each state, then
// step, epoch, progress, the factor that `reduce_lr` has brought the rate to, and each norm; hyperparameters
// are already in place (numbers, or expressions of step, epoch, progress and that factor).
struct OptimizerRule {
  std::string name;
  struct State {
    std::string name;
    double initial = 0;
  };
  std::vector<State> states;
  // The new value of w and of each state, from the values before the step (assignments in sequence are
  // already substituted).
  graph::ScalarExpr next_w;
  std::vector<graph::ScalarExpr> next_states;
  // What is under `norm(...)`: each stands for the root of its sum of squares over the tensor, and may read
  // those before it.
  std::vector<graph::ScalarExpr> norms;
  // The learning rate, where the rule has a setting `lr`.
  std::optional<graph::ScalarExpr> rate;

  std::uint32_t operand_w() const { return 0; }
  std::uint32_t operand_g() const { return 1; }
  std::uint32_t operand_state(std::size_t i) const { return static_cast<std::uint32_t>(2 + i); }
  std::uint32_t operand_step() const { return static_cast<std::uint32_t>(2 + states.size()); }
  std::uint32_t operand_epoch() const { return operand_step() + 1; }
  std::uint32_t operand_progress() const { return operand_step() + 2; }
  std::uint32_t operand_rate_factor() const { return operand_step() + 3; }
  std::uint32_t operand_norm(std::size_t i) const {
    return operand_step() + 4 + static_cast<std::uint32_t>(i);
  }
};

// AST expression -> scalar expression: names from the scope, the functions of language.md, activations of
// `definitions` and schedules by call. Errors (unknown name, wrong number of arguments, recursion, not a
// number ...) go to `diagnostics`.
std::optional<graph::ScalarExpr> lower_expression(const ast::Expr& expr, const Scope& scope,
                                                  const Definitions& prelude, const Definitions& user,
                                                  Diagnostics& diagnostics);

}  // namespace netc

#pragma once
// Expressions and bodies of definitions into one pool of scalar nodes. Used by the files of this folder.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/prelude/prelude.h"

namespace netc {

// The names that an expression sees: nodes of the pool that it is lowered into, and the scope around it.
struct VisibleNames {
  std::map<std::string, graph::ScalarId, std::less<>> nodes;
  const Scope* scope = nullptr;
  // The node for the norm of a node over the tensor; empty where there is no tensor.
  std::function<graph::ScalarId(graph::ScalarId)> norm = {};

  bool knows(std::string_view name) const { return nodes.contains(name) || scope->contains(name); }
};

// The names that a definition's body sees as operands behind its parameters: a schedule the time, a loss
// `classes`.
std::span<const std::string_view> implicit_operands(ast::FunctionKind kind);

// One argument, of a call or of a command: `0.1`, `b=1.5`. A bare word that names a flag is a NameUse without
// a key.
struct GivenArgument {
  const ast::Name* key = nullptr;
  const ast::Expr* value = nullptr;
};

// Which argument each parameter gets, by position in the definition's list; null: its default. Arguments fill
// parameters from number `first` on.
struct MatchedArguments {
  std::vector<const ast::Expr*> values;
  std::vector<bool> flags;  // given as a bare word: 1
};

// The node for a value from a scope: the operands of its expression are the pool's.
graph::ScalarId inline_value(graph::ScalarPool& pool, const NamedValue& value);

class Lowering {
 public:
  Lowering(const Definitions& prelude, const Definitions& user, Diagnostics& diagnostics)
      : prelude_(prelude), user_(user), diagnostics_(diagnostics) {}

  std::optional<graph::ScalarId> lower(graph::ScalarPool& pool, const ast::Expr& expr,
                                       const VisibleNames& names);

  // The body in terms of its parameters as operands 0, 1, ... and its implicit operands behind them.
  const std::optional<graph::ScalarExpr>& body(const ast::FunctionDefinition& definition);

  // Fits arguments to parameters; `is_flag` says for each parameter whether a bare word may set it. Errors go
  // to `use`.
  std::optional<MatchedArguments> match(std::string_view function,
                                        const std::vector<ast::Parameter>& parameters, std::size_t first,
                                        std::span<const GivenArgument> arguments, Span use,
                                        const std::vector<bool>& is_flag = {});

  // The names that a definition's body sees besides its parameters.
  const Scope* scope_of(const ast::FunctionDefinition& definition) const;
  const Scope* scope_of(const ast::OptimizerDefinition& definition) const;

  bool is_built_in(const ast::FunctionDefinition& definition) const;
  bool is_built_in(const ast::OptimizerDefinition& definition) const;

  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  using Result = std::optional<graph::ScalarId>;
  Result lower_name(graph::ScalarPool& pool, const std::string& name, Span span, const VisibleNames& names);
  Result lower_binary(graph::ScalarPool& pool, const ast::Binary& binary, const VisibleNames& names);
  Result lower_if(graph::ScalarPool& pool, const ast::If& choice, const VisibleNames& names);
  Result lower_call(graph::ScalarPool& pool, const ast::Call& call, Span span, const VisibleNames& names);
  Result lower_function(graph::ScalarPool& pool, graph::ScalarOp op, const ast::Call& call, Span span,
                        const VisibleNames& names);
  Result lower_norm(graph::ScalarPool& pool, const ast::Call& call, Span span, const VisibleNames& names);
  Result lower_definition(graph::ScalarPool& pool, const ast::FunctionDefinition& definition,
                          const ast::Call& call, Span span, const VisibleNames& names);
  Result unknown_name(const std::string& name, Span span, const VisibleNames& names);
  Result unknown_function(const ast::Call& call);
  Result not_a_number(Span span, std::string_view what);
  // Whether `more` nodes fit into the pool: calls can double an expression at every level.
  bool check_room(const graph::ScalarPool& pool, std::size_t more, Span span);
  bool check_function_arguments(const ast::Call& call, std::size_t wanted, Span span);
  // Where time is known a schedule is meant rather than an activation of that name.
  const ast::FunctionDefinition* find(std::string_view name, bool with_time) const;

  const Definitions& prelude_;
  const Definitions& user_;
  Diagnostics& diagnostics_;
  std::map<const ast::FunctionDefinition*, std::optional<graph::ScalarExpr>> bodies_;
  std::vector<const ast::FunctionDefinition*> open_;  // bodies being lowered, outermost first
  int depth_ = 0;
};

}  // namespace netc

#pragma once
// What names stand for in a program, and what its expressions come to: numbers, shapes, texts and
// activations.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/prelude/bind.h"

namespace netc {

struct Value {
  std::variant<double, std::vector<std::int64_t>, std::string, Activation> data;
  bool percent = false;
};

// `a percentage`, `a shape`, `an activation`, ...
std::string_view describe(const Value& value);

class Values {
 public:
  // A `let` is evaluated when an expression needs it; overrides replace their expressions. `classes` and the
  // like come from the description.
  Values(Outline& outline, const Overrides& overrides, const Sources& sources, const Definitions& prelude,
         const std::optional<DataDescription>& description, Diagnostics& diagnostics);

  // Evaluates every `let`, so that each one's errors are reported, and gives them to the bodies of
  // definitions.
  void resolve_all();
  // Empty after an error. Quiet about names whose own error is reported.
  std::optional<Value> evaluate(const ast::Expr& expr);
  // The activation that a word or a call of an argument means; null `found` when it is none.
  struct ActivationResult {
    bool found = false;
    std::optional<Activation> activation;  // empty after an error
  };
  ActivationResult activation(const ast::Expr& expr);
  // The activation of that name, a `let`'s too, with arguments. `use` is where the program says it. Empty
  // after an error.
  std::optional<Activation> bind_activation_named(const std::string& name, Span use,
                                                  std::span<const GivenArgument> arguments);
  // An activation over the last axis, with its arguments.
  std::optional<Activation> bind_axis_activation(const AxisActivation& known, Span use,
                                                 std::span<const GivenArgument> arguments);
  // Of a value that is known by name.
  const Value* find(std::string_view name) const;
  bool is_failed(std::string_view name) const;

  // Names of a block's body or a repeat's: they hide what the body does not see.
  using Locals = std::vector<std::pair<std::string, std::optional<Value>>>;
  void push(const Locals& locals);
  void pop(const Locals& locals);

  BindContext context() const { return {prelude_, outline_.definitions, scope_, diagnostics_}; }
  const Definitions& prelude() const { return prelude_; }
  const Definitions& user() const { return outline_.definitions; }
  const Sources& sources() const { return sources_; }
  Diagnostics& diagnostics() const { return diagnostics_; }
  std::vector<std::string> names() const;

 private:
  void resolve(const ast::Let& let);
  void resolve_names(const ast::Expr& expr);
  void report_unknown(const Override& override);
  void set(const std::string& name, std::optional<Value> value);
  void add_data_values(const std::optional<DataDescription>& description);

  Outline& outline_;
  const Overrides& overrides_;
  const Sources& sources_;
  const Definitions& prelude_;
  Diagnostics& diagnostics_;
  std::map<std::string, const ast::Let*, std::less<>> lets_;
  std::map<std::string, ast::ExprPtr, std::less<>> overriding_;  // by the name of the `let`
  std::set<std::string> done_;
  std::vector<const ast::Let*> open_;
  std::map<std::string, std::optional<Value>, std::less<>> values_;
  Scope scope_;
};

}  // namespace netc

// What is asked of a person's definition before anything uses it.

#include <algorithm>
#include <set>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/functions.h"
#include "compiler/prelude/walk.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kParameterTwice{"parameter-twice",
                                                           "the parameter `{}` is there twice"};
constexpr DiagnosticKind<std::string_view, std::string_view> kParameterName{
    "parameter-name", "a parameter cannot be called `{}`, which is {}"};
constexpr DiagnosticKind<std::string_view, std::string_view, std::string_view> kTooFewParameters{
    "too-few-parameters", "the {} `{}` needs the {}"};
constexpr DiagnosticKind<std::string_view> kOperandWithDefault{
    "operand-with-default", "`{}` is what the function is given, and takes no default"};
constexpr DiagnosticKind<> kLearnElsewhere{"learn-elsewhere",
                                           "only an activation's parameters can be learned"};
constexpr DiagnosticKind<std::string_view> kLearnWithoutStart{
    "learn-without-start", "the learned parameter `{}` needs a value to start from"};

// What a name means to the bodies of definitions, in words; empty when nothing.
std::string_view meaning(const std::string& name, bool optimizer) {
  if (find_function(name) || name == kNorm) return "a function";
  if (name == "pi") return "a number";
  if (is_time_name(name)) return "a part of time";
  if (optimizer && name == "w") return "the parameter";
  if (optimizer && name == "g") return "the gradient";
  return {};
}

bool is_defined(const std::string& name, const BindContext& context) {
  for (const Definitions* definitions : {&context.prelude, &context.user}) {
    if (definitions->activations.contains(name) || definitions->losses.contains(name) ||
        definitions->schedules.contains(name))
      return true;
  }
  return false;
}

// No shadowing: a parameter is not called like anything else that the bodies use.
bool check_names(const std::vector<ast::Parameter>& parameters, std::span<const ast::Expr* const> bodies,
                 bool optimizer, const BindContext& context) {
  std::set<std::string> called, used;
  for (const ast::Expr* body : bodies) {
    for_each_name(*body,
                  [&](const std::string& name, bool is_call) { (is_call ? called : used).insert(name); });
  }
  bool good = true;
  std::set<std::string> seen;
  for (const ast::Parameter& parameter : parameters) {
    const auto& [name, span] = parameter.name;
    std::string_view taken = meaning(name, optimizer);
    if (taken.empty() && called.contains(name) && is_defined(name, context))
      taken = "a definition that the body calls";
    if (taken.empty() && used.contains(name) && context.user.values.contains(name))
      taken = "a value of the program that the body uses";
    if (!taken.empty())
      context.diagnostics.error(kParameterName, span, name, taken)
          .hint("there is no shadowing: choose another name");
    else if (!seen.insert(name).second) context.diagnostics.error(kParameterTwice, span, name);
    else continue;
    good = false;
  }
  return good;
}

bool check_leading(const ast::FunctionDefinition& definition, std::size_t leading, std::string_view kind,
                   std::string_view needed, const BindContext& context) {
  if (definition.parameters.size() < leading) {
    context.diagnostics.error(kTooFewParameters, definition.name.span, kind, definition.name.text, needed);
    return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < definition.parameters.size(); ++i) {
    const ast::Parameter& parameter = definition.parameters[i];
    if (i < leading && (parameter.default_value != nullptr || parameter.learn)) {
      context.diagnostics.error(kOperandWithDefault, parameter.name.span, parameter.name.text);
      good = false;
    } else if (parameter.learn && definition.kind != ast::FunctionKind::kActivation) {
      context.diagnostics.error(kLearnElsewhere, parameter.name.span);
      good = false;
    } else if (parameter.learn && parameter.default_value == nullptr) {
      context.diagnostics.error(kLearnWithoutStart, parameter.name.span, parameter.name.text)
          .hint("write `learn " + parameter.name.text + "=0.25`");
      good = false;
    }
  }
  return good;
}

bool check_defaults(const std::vector<ast::Parameter>& parameters, const BindContext& context) {
  bool good = true;
  for (const ast::Parameter& parameter : parameters) {
    if (parameter.default_value == nullptr) continue;
    good &= lower_expression(*parameter.default_value, context.user.values, context.prelude, context.user,
                             context.diagnostics)
                .has_value();
  }
  return good;
}

}  // namespace

bool check_definition(const ast::FunctionDefinition& definition, const BindContext& context) {
  bool good = false;
  switch (definition.kind) {
    case ast::FunctionKind::kActivation:
      good = check_leading(definition, 1, "activation", "parameter that it is a function of, such as `x`",
                           context);
      break;
    case ast::FunctionKind::kLoss:
      good = check_leading(definition, 2, "loss",
                           "two parameters that it is a function of, such as `y` and `t`", context);
      break;
    case ast::FunctionKind::kSchedule: good = check_leading(definition, 0, "schedule", "", context); break;
  }
  good &= check_names(definition.parameters, std::array<const ast::Expr*, 1>{definition.body.get()}, false,
                      context);
  good &= check_defaults(definition.parameters, context);
  if (!good) return false;
  Lowering lowering(context.prelude, context.user, context.diagnostics);
  return lowering.body(definition).has_value();
}

bool check_definition(const ast::OptimizerDefinition& definition, const BindContext& context) {
  std::vector<const ast::Expr*> bodies;
  for (const ast::Assignment& assignment : definition.body) bodies.push_back(assignment.value.get());
  bool good = check_names(definition.parameters, bodies, true, context);
  for (const ast::Parameter& parameter : definition.parameters) {
    if (!parameter.learn) continue;
    context.diagnostics.error(kLearnElsewhere, parameter.name.span);
    good = false;
  }
  good &= check_defaults(definition.parameters, context);
  if (!good) return false;
  // With every setting at hand or 1, the body is what it will be: only its names matter here.
  std::vector<GivenArgument> arguments;
  ast::Expr one{.node = ast::Number{.value = 1, .integer = true, .percent = false},
                .span = definition.name.span};
  for (const ast::Parameter& parameter : definition.parameters) {
    if (parameter.default_value == nullptr) arguments.push_back({&parameter.name, &one});
  }
  return bind_optimizer(definition, definition.name.span, arguments, {}, context).has_value();
}

}  // namespace netc

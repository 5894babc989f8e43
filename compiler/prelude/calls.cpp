// Calls in expressions, and how arguments meet parameters.

#include <algorithm>

#include "compiler/prelude/functions.h"
#include "compiler/prelude/lowering.h"
#include "compiler/prelude/ranges.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;

constexpr DiagnosticKind<> kNormElsewhere{
    "norm-elsewhere", "`norm` is of a whole tensor, which only an optimizer's body knows"};
constexpr DiagnosticKind<std::string_view> kKeyInFunction{"key-in-function",
                                                          "the function `{}` takes no keys"};
constexpr DiagnosticKind<std::string_view, std::string, std::size_t> kArgumentCount{
    "argument-count", "`{}` takes {}, but gets {}"};
constexpr DiagnosticKind<std::string_view, std::string_view> kUnknownParameter{"unknown-parameter",
                                                                               "`{}` has no parameter `{}`"};
constexpr DiagnosticKind<std::string_view> kRepeatedParameter{"repeated-parameter", "`{}` is given twice"};
constexpr DiagnosticKind<std::string_view, std::string_view> kMissingParameter{"missing-parameter",
                                                                               "`{}` needs a value for `{}`"};
constexpr DiagnosticKind<std::string_view, std::string> kTooManyArguments{
    "too-many-arguments", "`{}` takes {}, and this is one too many"};
constexpr DiagnosticKind<std::string_view> kTimeNeeded{
    "time-needed",
    "`{}` depends on `step`, `epoch` or `progress`, which only the settings of `train` and optimizers know"};
constexpr DiagnosticKind<std::string_view> kClassesNeeded{
    "classes-needed", "`{}` depends on the number of classes, which is not known here"};

std::string arguments_text(std::size_t count) {
  if (count == 0) return "no arguments";
  return std::to_string(count) + (count == 1 ? " argument" : " arguments");
}

std::optional<std::size_t> find_parameter(const std::vector<ast::Parameter>& parameters, std::size_t first,
                                          std::string_view name) {
  for (std::size_t i = first; i < parameters.size(); ++i) {
    if (parameters[i].name.text == name) return i;
  }
  return std::nullopt;
}

// Fits arguments to the parameters from number `first` on.
class Matcher {
 public:
  Matcher(std::string_view function, const std::vector<ast::Parameter>& parameters, std::size_t first,
          const std::vector<bool>& is_flag, Diagnostics& diagnostics)
      : function_(function),
        parameters_(parameters),
        first_(first),
        is_flag_(is_flag),
        diagnostics_(diagnostics),
        position_(first) {
    matched_.values.resize(parameters.size());
    matched_.flags.resize(parameters.size());
  }

  void add(const GivenArgument& argument) {
    const std::optional<std::size_t> flag = find_flag(argument);
    std::optional<std::size_t> slot = flag;
    if (argument.key != nullptr) slot = find_key(*argument.key);
    else if (!flag) slot = next_position(argument.value->span);
    if (slot && matched_.values[*slot] != nullptr) {
      Span place = argument.key != nullptr ? argument.key->span : argument.value->span;
      diagnostics_.error(kRepeatedParameter, place, parameters_[*slot].name.text)
          .label(matched_.values[*slot]->span, "first here");
      slot.reset();
    }
    if (!slot) {
      good_ = false;
      return;
    }
    matched_.values[*slot] = argument.value;
    matched_.flags[*slot] = flag.has_value();
  }

  std::optional<MatchedArguments> finish(Span use) {
    for (std::size_t i = first_; i < parameters_.size() && good_; ++i) {
      if (matched_.values[i] != nullptr || parameters_[i].default_value != nullptr) continue;
      diagnostics_.error(kMissingParameter, use, function_, parameters_[i].name.text);
      good_ = false;
    }
    return good_ ? std::optional(std::move(matched_)) : std::nullopt;
  }

 private:
  std::optional<std::size_t> find_flag(const GivenArgument& argument) const {
    const auto* word = argument.key == nullptr ? std::get_if<ast::NameUse>(&argument.value->node) : nullptr;
    std::optional<std::size_t> flag =
        word != nullptr ? find_parameter(parameters_, first_, word->name) : std::nullopt;
    return flag && !is_flag_.empty() && is_flag_[*flag] ? flag : std::nullopt;
  }

  std::optional<std::size_t> find_key(const ast::Name& key) {
    std::optional<std::size_t> found = find_parameter(parameters_, first_, key.text);
    if (found) return found;
    std::vector<std::string> candidates;
    for (std::size_t i = first_; i < parameters_.size(); ++i) candidates.push_back(parameters_[i].name.text);
    DiagnosticBuilder error = diagnostics_.error(kUnknownParameter, key.span, function_, key.text);
    if (std::optional<std::string> near = suggest(key.text, candidates))
      error.caret("did you mean `" + *near + "`?");
    return std::nullopt;
  }

  std::optional<std::size_t> next_position(Span place) {
    while (position_ < parameters_.size() && matched_.values[position_] != nullptr) ++position_;
    if (position_ < parameters_.size()) return position_;
    diagnostics_.error(kTooManyArguments, place, function_, arguments_text(parameters_.size() - first_));
    return std::nullopt;
  }

  std::string_view function_;
  const std::vector<ast::Parameter>& parameters_;
  std::size_t first_;
  const std::vector<bool>& is_flag_;
  Diagnostics& diagnostics_;
  std::size_t position_;
  MatchedArguments matched_;
  bool good_ = true;
};

}  // namespace

Lowering::Result Lowering::lower_call(ScalarPool& pool, const ast::Call& call, Span span,
                                      const VisibleNames& names) {
  if (std::optional<ScalarOp> op = find_function(call.function.text))
    return lower_function(pool, *op, call, span, names);
  if (call.function.text == kNorm) return lower_norm(pool, call, span, names);
  const ast::FunctionDefinition* definition = find(call.function.text, names.knows(kTimeNames[0]));
  if (definition == nullptr) return unknown_function(call);
  return lower_definition(pool, *definition, call, span, names);
}

bool Lowering::check_function_arguments(const ast::Call& call, std::size_t wanted, Span span) {
  if (call.arguments.size() != wanted) {
    diagnostics_.error(kArgumentCount, span, call.function.text, arguments_text(wanted),
                       call.arguments.size());
    return false;
  }
  for (const ast::CallArgument& argument : call.arguments) {
    if (!argument.key) continue;
    diagnostics_.error(kKeyInFunction, argument.key->span, call.function.text);
    return false;
  }
  return true;
}

Lowering::Result Lowering::lower_norm(ScalarPool& pool, const ast::Call& call, Span span,
                                      const VisibleNames& names) {
  if (!names.norm) {
    diagnostics_.error(kNormElsewhere, call.function.span);
    return std::nullopt;
  }
  if (!check_function_arguments(call, 1, span)) return std::nullopt;
  Result operand = lower(pool, *call.arguments[0].value, names);
  return operand ? Result(names.norm(*operand)) : std::nullopt;
}

Lowering::Result Lowering::lower_function(ScalarPool& pool, ScalarOp op, const ast::Call& call, Span span,
                                          const VisibleNames& names) {
  const auto wanted = static_cast<std::size_t>(graph::arity(op));
  if (!check_function_arguments(call, wanted, span)) return std::nullopt;
  std::vector<ScalarId> operands;
  for (const ast::CallArgument& argument : call.arguments) {
    if (Result operand = lower(pool, *argument.value, names)) operands.push_back(*operand);
  }
  if (operands.size() != wanted) return std::nullopt;
  return pool.add(op, operands);
}

std::optional<MatchedArguments> Lowering::match(std::string_view function,
                                                const std::vector<ast::Parameter>& parameters,
                                                std::size_t first, std::span<const GivenArgument> arguments,
                                                Span use, const std::vector<bool>& is_flag) {
  Matcher matcher(function, parameters, first, is_flag, diagnostics_);
  for (const GivenArgument& argument : arguments) matcher.add(argument);
  return matcher.finish(use);
}

Lowering::Result Lowering::lower_definition(ScalarPool& pool, const ast::FunctionDefinition& definition,
                                            const ast::Call& call, Span span, const VisibleNames& names) {
  std::vector<GivenArgument> given;
  for (const ast::CallArgument& argument : call.arguments) {
    given.push_back({argument.key ? &*argument.key : nullptr, argument.value.get()});
  }
  std::optional<MatchedArguments> matched = match(call.function.text, definition.parameters, 0, given, span);
  if (!matched) return std::nullopt;
  std::vector<ScalarId> operands;
  for (std::size_t i = 0; i < definition.parameters.size(); ++i) {
    const ast::Parameter& parameter = definition.parameters[i];
    if (matched->values[i] == nullptr && parameter.learn) {
      diagnostics_.error(kMissingParameter, span, call.function.text, parameter.name.text)
          .hint("inside an expression nothing is learned: give it, as in `" + call.function.text +
                "(x, 0.25)`");
      return std::nullopt;
    }
    const VisibleNames default_names{.nodes = {}, .scope = scope_of(definition)};
    Result operand = matched->values[i] ? lower(pool, *matched->values[i], names)
                                        : lower(pool, *parameter.default_value, default_names);
    if (!operand) return std::nullopt;
    operands.push_back(*operand);
    const bool checked = definition.kind == ast::FunctionKind::kSchedule && is_built_in(definition);
    if (checked && matched->values[i] && pool[*operand].op == ScalarOp::kConstant &&
        !check_setting(parameter.name.text, pool[*operand].value, matched->values[i]->span, diagnostics_))
      return std::nullopt;
  }
  const std::optional<ScalarExpr>& callee = body(definition);
  if (!callee || !check_room(pool, callee->pool.size(), span)) return std::nullopt;
  for (std::string_view name : implicit_operands(definition.kind)) {
    auto node = names.nodes.find(name);
    auto value = names.scope->find(name);
    if (node != names.nodes.end()) operands.push_back(node->second);
    else if (value != names.scope->end()) operands.push_back(inline_value(pool, value->second));
  }
  if (graph::operand_count(*callee) > operands.size()) {
    const bool time = definition.kind == ast::FunctionKind::kSchedule;
    diagnostics_.error(time ? kTimeNeeded : kClassesNeeded, span, call.function.text);
    return std::nullopt;
  }
  return graph::inline_into(pool, *callee, operands);
}

}  // namespace netc

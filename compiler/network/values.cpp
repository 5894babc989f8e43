#include "compiler/network/values.h"

#include <algorithm>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"
#include "compiler/prelude/functions.h"
#include "compiler/prelude/walk.h"
#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"
#include "compiler/support/suggest.h"
#include "compiler/syntax/parse.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kRecursiveLet{"recursive-let",
                                                         "the value `{}` is defined by itself"};
constexpr DiagnosticKind<> kLetTooDeep{"let-too-deep", "too many values are defined by one another"};
constexpr DiagnosticKind<std::string_view> kUnknownLet{"unknown-let", "the program has no `let {}`"};
constexpr DiagnosticKind<std::string_view> kActivationWithArguments{"activation-with-arguments",
                                                                    "`{}` takes no such arguments"};

constexpr std::size_t kMaxOpenLets = 200;

}  // namespace

std::string_view describe(const Value& value) {
  return std::visit(
      overloaded{
          [&](double) -> std::string_view { return value.percent ? "a percentage" : "a number"; },
          [](const std::vector<std::int64_t>&) -> std::string_view { return "a shape"; },
          [](const std::string&) -> std::string_view { return "a text"; },
          [](const Activation&) -> std::string_view { return "an activation"; },
      },
      value.data);
}

Values::Values(Outline& outline, const Overrides& overrides, const Sources& sources,
               const Definitions& prelude, const std::optional<DataDescription>& description,
               Diagnostics& diagnostics)
    : outline_(outline),
      overrides_(overrides),
      sources_(sources),
      prelude_(prelude),
      diagnostics_(diagnostics) {
  for (const ast::Let* let : outline.lets) lets_.try_emplace(let->name.text, let);
  for (const Override& override : overrides.lets) {
    ast::ExprPtr value = parse_expression(sources_, override.source, diagnostics_);
    if (value != nullptr) overriding_[override.name] = std::move(value);
  }
  add_data_values(description);
  // A sweep is an error of its own: its uses stay silent.
  for (const ast::Sweep* sweep : outline.sweeps) set(sweep->name.text, std::nullopt);
}

void Values::resolve_all() {
  for (const Override& override : overrides_.lets) {
    if (!lets_.contains(override.name)) report_unknown(override);
  }
  for (const ast::Let* let : outline_.lets) resolve(*let);
  for (const auto& [name, let] : lets_) outline_.definitions.values[name] = scope_[name];
  for (const ast::Sweep* sweep : outline_.sweeps)
    outline_.definitions.values[sweep->name.text] = scope_[sweep->name.text];
}

void Values::report_unknown(const Override& override) {
  const Span span{override.source, 0, static_cast<std::uint32_t>(sources_.text(override.source).size())};
  std::vector<std::string> candidates;
  for (const auto& [name, let] : lets_) candidates.push_back(name);
  DiagnosticBuilder error = diagnostics_.error(kUnknownLet, span, override.name);
  if (std::optional<std::string> near = suggest(override.name, candidates))
    error.caret("did you mean `" + *near + "`?");
  else if (contains(train_settings(), override.name))
    error.hint("a setting of `train` has a flag of its own: `--" + override.name + "`");
}

void Values::add_data_values(const std::optional<DataDescription>& description) {
  for (std::string_view name : {"classes", "features", "vocab"}) {
    scope_[std::string(name)] = {
        .expr = {}, .other = "not known, since the data does not say it", .failed = false};
  }
  if (description && description->classes > 0)
    set("classes", Value{.data = static_cast<double>(description->classes)});
  if (description) set("features", Value{.data = static_cast<double>(description->sample.elements())});
}

void Values::set(const std::string& name, std::optional<Value> value) {
  NamedValue named{.expr = {}, .other = {}, .failed = !value.has_value()};
  if (value) {
    if (const auto* number = std::get_if<double>(&value->data))
      named.expr.root = named.expr.pool.constant(*number);
    else named.other = describe(*value);
    if (value->percent) named.other = "a percentage";
  }
  scope_[name] = std::move(named);
  values_[name] = std::move(value);
}

void Values::resolve(const ast::Let& let) {
  if (done_.contains(let.name.text)) return;
  if (std::ranges::find(open_, &let) != open_.end()) {
    diagnostics_.error(kRecursiveLet, let.name.span, let.name.text);
    set(let.name.text, std::nullopt);
    return;
  }
  if (open_.size() >= kMaxOpenLets) {
    diagnostics_.error(kLetTooDeep, let.name.span);
    set(let.name.text, std::nullopt);
    return;
  }
  open_.push_back(&let);
  auto overriding = overriding_.find(let.name.text);
  std::optional<Value> value = evaluate(overriding != overriding_.end() ? *overriding->second : *let.value);
  open_.pop_back();
  if (done_.insert(let.name.text).second)
    set(let.name.text, is_failed(let.name.text) ? std::nullopt : std::move(value));
}

// A name may be used above its `let`: the order does not matter.
void Values::resolve_names(const ast::Expr& expr) {
  if (done_.size() == lets_.size()) return;
  for_each_name(expr, [&](const std::string& name, bool) {
    auto let = lets_.find(name);
    if (let != lets_.end()) resolve(*let->second);
  });
}

const Value* Values::find(std::string_view name) const {
  auto found = values_.find(name);
  return found != values_.end() && found->second ? &*found->second : nullptr;
}

bool Values::is_failed(std::string_view name) const {
  auto found = scope_.find(name);
  return found != scope_.end() && found->second.failed;
}

std::optional<Value> Values::evaluate(const ast::Expr& expr) {
  resolve_names(expr);
  if (const auto* number = std::get_if<ast::Number>(&expr.node))
    return Value{.data = number->value, .percent = number->percent};
  if (const auto* extents = std::get_if<ast::Extents>(&expr.node)) return Value{.data = extents->values};
  if (const auto* text = std::get_if<ast::String>(&expr.node)) return Value{.data = text->value};
  const auto* name = std::get_if<ast::NameUse>(&expr.node);
  if (name != nullptr) {
    if (const Value* value = find(name->name)) return *value;
  }
  const auto* call = std::get_if<ast::Call>(&expr.node);
  if (name != nullptr || (call != nullptr && !find_function(call->function.text))) {
    if (ActivationResult result = activation(expr); result.found) {
      return result.activation ? std::optional(Value{.data = std::move(*result.activation)}) : std::nullopt;
    }
  }
  std::optional<graph::ScalarExpr> lowered = lower_expression(expr, scope_, prelude_, user(), diagnostics_);
  if (!lowered) return std::nullopt;
  return Value{.data = graph::evaluate(*lowered, {})};
}

Values::ActivationResult Values::activation(const ast::Expr& expr) {
  const auto* use = std::get_if<ast::NameUse>(&expr.node);
  const auto* call = std::get_if<ast::Call>(&expr.node);
  if (use == nullptr && call == nullptr) return {};
  const std::string& name = use != nullptr ? use->name : call->function.text;
  const Value* value = find(name);
  const bool known = value != nullptr && std::holds_alternative<Activation>(value->data);
  if (!known && !is_activation(name, prelude_, user())) return {};
  std::vector<GivenArgument> arguments;
  if (call != nullptr) {
    for (const ast::CallArgument& argument : call->arguments) {
      arguments.push_back({argument.key ? &*argument.key : nullptr, argument.value.get()});
    }
  }
  return {true, bind_activation_named(name, expr.span, arguments)};
}

std::optional<Activation> Values::bind_activation_named(const std::string& name, Span use,
                                                        std::span<const GivenArgument> arguments) {
  const Value* value = find(name);
  const Activation* given = value != nullptr ? std::get_if<Activation>(&value->data) : nullptr;
  if (given != nullptr) {
    if (arguments.empty()) return *given;
    diagnostics_.error(kActivationWithArguments, use, name);
    return std::nullopt;
  }
  if (const AxisActivation* known = find_axis_activation(name))
    return bind_axis_activation(*known, use, arguments);
  auto own = user().activations.find(name);
  const ast::FunctionDefinition& definition =
      own != user().activations.end() ? *own->second : *prelude_.activations.find(name)->second;
  std::string text = name;
  for (const GivenArgument& argument : arguments) {
    text += (text.size() == name.size() ? "(" : ", ") +
            (argument.key != nullptr ? argument.key->text + "=" : std::string());
    text += sources_.text(argument.value->span);
  }
  if (!arguments.empty()) text += ")";
  return bind_activation(definition, std::move(text), use, arguments, context());
}

std::optional<Activation> Values::bind_axis_activation(const AxisActivation& known, Span use,
                                                       std::span<const GivenArgument> arguments) {
  Activation activation{.name = std::string(known.name), .kind = known.kind, .function = {}, .learned = {}};
  const bool maxout = known.kind == ActivationKind::kMaxout;
  if (arguments.size() > (maxout ? 1 : 0) || (!arguments.empty() && arguments[0].key != nullptr)) {
    diagnostics_.error(kActivationWithArguments, use, known.name);
    return std::nullopt;
  }
  if (known.kind == ActivationKind::kGated) {
    const auto gate = prelude_.activations.find(known.gate);
    NETC_CHECK(gate != prelude_.activations.end(), "the prelude has no such gate");
    std::optional<Activation> bound =
        bind_activation(*gate->second, std::string(known.gate), use, {}, context());
    if (!bound) return std::nullopt;
    activation.function = std::move(bound->function);
    activation.pieces = 2;
  }
  if (!maxout) return activation;
  activation.pieces = 2;
  if (arguments.empty()) return activation;
  const ast::Expr& expr = *arguments[0].value;
  std::optional<Value> value = evaluate(expr);
  const ParameterDef parameter{
      .name = "maxout", .kind = ValueKind::kCount, .minimum = 2, .maximum = 10000, .words = {}};
  std::optional<ArgumentValue> read =
      value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
  if (!read) return std::nullopt;
  activation.pieces = std::get<std::int64_t>(*read);
  activation.name += "(" + std::string(sources_.text(expr.span)) + ")";
  return activation;
}

void Values::push(const Locals& locals) {
  for (const auto& [name, value] : locals) set(name, value);
}

void Values::pop(const Locals& locals) {
  for (const auto& [name, value] : locals) {
    scope_.erase(name);
    values_.erase(name);
  }
}

std::vector<std::string> Values::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return names;
}

}  // namespace netc

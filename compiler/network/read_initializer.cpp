#include <algorithm>

#include <fmt/ranges.h>

#include "compiler/layers/weights.h"
#include "compiler/network/arguments.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string> kUnknownInitializer{"unknown-initializer",
                                                                            "`{}` takes one of {}"};
constexpr DiagnosticKind<std::string_view, std::string_view> kInitializerNumber{"initializer-number",
                                                                                "`{}` takes {}"};

constexpr double kMaxNumber = 1e15;

std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const InitializerName& known : initializer_names()) list.emplace_back(known.name);
  return list;
}

// The number of `normal(0.02)`.
std::optional<double> read_number(const InitializerName& known, const ast::Call& call, Values& values) {
  if (!known.takes_number || call.arguments.size() != 1 || call.arguments[0].key) {
    values.diagnostics().error(kInitializerNumber, call.function.span, known.name,
                               known.takes_number ? "one number in parentheses" : "no number");
    return std::nullopt;
  }
  const ast::Expr& expr = *call.arguments[0].value;
  std::optional<Value> value = values.evaluate(expr);
  if (!value) return std::nullopt;
  const bool signed_value = known.name == "constant";
  const ParameterDef parameter{.name = known.name,
                               .kind = ValueKind::kNumber,
                               .minimum = signed_value ? -kMaxNumber : 0,
                               .maximum = kMaxNumber,
                               .words = {}};
  std::optional<ArgumentValue> read = read_value(parameter, *value, expr.span, values.diagnostics());
  return read ? std::optional(std::get<double>(*read)) : std::nullopt;
}

}  // namespace

std::optional<ArgumentValue> read_initializer(const ParameterDef& parameter, const ast::Expr& expr,
                                              Values& values) {
  const auto* word = std::get_if<ast::NameUse>(&expr.node);
  const auto* call = std::get_if<ast::Call>(&expr.node);
  const std::string name = word != nullptr ? word->name : call != nullptr ? call->function.text : "";
  const auto known = std::ranges::find(initializer_names(), name, &InitializerName::name);
  if (known == initializer_names().end()) {
    DiagnosticBuilder error = values.diagnostics().error(kUnknownInitializer, expr.span, parameter.name,
                                                         fmt::format("{}", fmt::join(names(), ", ")));
    if (std::optional<std::string> near = suggest(name, names()))
      error.caret("did you mean `" + *near + "`?");
    return std::nullopt;
  }
  std::optional<double> number = known->takes_number ? known->number : 0;
  if (call != nullptr) number = read_number(*known, *call, values);
  else if (!number)
    values.diagnostics()
        .error(kInitializerNumber, expr.span, known->name, "one number in parentheses")
        .hint(fmt::format("write `init={}(0.1)`", known->name));
  return number ? std::optional<ArgumentValue>(InitChoice{name, *number}) : std::nullopt;
}

}  // namespace netc

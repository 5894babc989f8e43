#include "compiler/network/arguments.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "compiler/network/names.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string> kUnknownWord{"unknown-word", "there is no {} `{}`"};
constexpr DiagnosticKind<std::string_view, std::string_view> kUnknownKey{"unknown-key",
                                                                         "`{}` has no setting `{}`"};
constexpr DiagnosticKind<std::string_view> kRepeatedKey{"repeated-key", "`{}` is given twice"};
constexpr DiagnosticKind<std::string_view> kUnexpectedArgument{"unexpected-argument",
                                                               "`{}` takes no such argument"};
constexpr DiagnosticKind<std::string_view> kSecondActivation{"second-activation",
                                                             "`{}` has an activation already"};
constexpr DiagnosticKind<std::string_view> kNoActivation{"no-activation", "`{}` takes no activation"};
constexpr DiagnosticKind<std::string_view, std::string_view> kMissingArgument{"missing-argument",
                                                                              "`{}` needs `{}`"};

// The arguments of one statement.
class ArgumentReader {
 public:
  ArgumentReader(const ArgumentTable& table, const ast::Name& name, Values& values)
      : table_(table), name_(name), values_(values), diagnostics_(values.diagnostics()) {}

  void add(const ast::Argument& argument) {
    if (argument.key) add_key(*argument.key, *argument.value);
    else if (const auto* word = std::get_if<ast::NameUse>(&argument.value->node))
      add_word(word->name, *argument.value);
    else if (std::holds_alternative<ast::Call>(argument.value->node) && add_activation(*argument.value))
      return;
    else add_positional(*argument.value);
  }

  std::optional<ReadArguments> finish() {
    for (const ParameterDef& parameter : table_.parameters) {
      if (!good_ || !parameter.required || result_.arguments.spans.contains(parameter.name)) continue;
      fail(diagnostics_.error(kMissingArgument, name_.span, table_.name, parameter.name)).hint(example());
    }
    return good_ ? std::optional(std::move(result_)) : std::nullopt;
  }

 private:
  DiagnosticBuilder fail(DiagnosticBuilder error) {
    good_ = false;
    return error;
  }

  // `write `conv 128 3x3``: the name with all that it needs.
  std::string example() const {
    std::string text(table_.name);
    for (const ParameterDef& parameter : table_.parameters) {
      if (!parameter.required) continue;
      text += parameter.kind == ValueKind::kShare     ? " 0.5"
              : parameter.kind == ValueKind::kNumber  ? " 0.1"
              : parameter.kind == ValueKind::kExtents ? " 3x3"
              : parameter.kind == ValueKind::kWord    ? " " + std::string(parameter.words[0])
                                                      : " 128";
    }
    return "write `" + text + "`";
  }

  const ParameterDef* find(std::string_view name) const {
    auto found = std::ranges::find(table_.parameters, name, &ParameterDef::name);
    return found == table_.parameters.end() ? nullptr : &*found;
  }

  void add_key(const ast::Name& key, const ast::Expr& expr) {
    const ParameterDef* parameter = find(key.text);
    if (parameter == nullptr) {
      std::vector<std::string> candidates;
      for (const ParameterDef& known : table_.parameters) candidates.emplace_back(known.name);
      DiagnosticBuilder error = fail(diagnostics_.error(kUnknownKey, key.span, table_.name, key.text));
      if (std::optional<std::string> near = suggest(key.text, candidates))
        error.caret("did you mean `" + *near + "`?");
      else if (!candidates.empty()) error.hint(fmt::format("it has `{}`", fmt::join(candidates, "`, `")));
    } else {
      store(*parameter, expr, key.span);
    }
  }

  // A flag, then an activation, then a value.
  void add_word(const std::string& word, const ast::Expr& expr) {
    const ParameterDef* flag = find(word);
    if (flag != nullptr && flag->kind == ValueKind::kFlag) {
      if (take(*flag, expr.span)) result_.arguments.values.insert_or_assign(std::string(flag->name), true);
    } else if (const ParameterDef* choice = choice_of(word)) {
      if (take(*choice, expr.span))
        result_.arguments.values.insert_or_assign(std::string(choice->name), word);
    } else if (!add_activation(expr)) {
      const ParameterDef* next = next_positional();
      const bool is_choice = next != nullptr && next->kind == ValueKind::kWord;
      if (is_choice || values_.find(word) != nullptr) add_positional(expr);
      else if (values_.is_failed(word)) good_ = false;
      else report_unknown(word, expr);
    }
  }

  const ParameterDef* choice_of(std::string_view word) const {
    auto found = std::ranges::find_if(table_.parameters, [&](const ParameterDef& p) {
      return p.positional && p.kind == ValueKind::kWord && std::ranges::find(p.words, word) != p.words.end();
    });
    return found == table_.parameters.end() ? nullptr : &*found;
  }

  void report_unknown(const std::string& word, const ast::Expr& expr) {
    std::vector<std::string> candidates;
    for (const ParameterDef& parameter : table_.parameters) {
      if (parameter.kind == ValueKind::kFlag) candidates.emplace_back(parameter.name);
      candidates.insert(candidates.end(), parameter.words.begin(), parameter.words.end());
    }
    const bool wants_value = next_positional() != nullptr;
    if (table_.takes_activation) {
      std::vector<std::string> activations = activation_names(values_.prelude(), values_.user());
      candidates.insert(candidates.end(), activations.begin(), activations.end());
    }
    std::vector<std::string> names = values_.names();
    candidates.insert(candidates.end(), names.begin(), names.end());
    std::optional<std::string> near = suggest(word, candidates);
    const bool value = wants_value && (!near || !is_activation(*near, values_.prelude(), values_.user()));
    std::string_view what = value ? "value" : table_.takes_activation ? "activation" : "word";
    DiagnosticBuilder error = fail(diagnostics_.error(kUnknownWord, expr.span, what, word));
    if (near) error.caret("did you mean `" + *near + "`?");
  }

  // False when the expression is no activation.
  bool add_activation(const ast::Expr& expr) {
    Values::ActivationResult result = values_.activation(expr);
    if (!result.found) return false;
    if (!table_.takes_activation) {
      fail(diagnostics_.error(kNoActivation, expr.span, table_.name))
          .hint("write the activation as a line of its own");
    } else if (result_.activation || activation_span_) {
      fail(diagnostics_.error(kSecondActivation, expr.span, table_.name))
          .label(*activation_span_, "this one");
    } else {
      activation_span_ = expr.span;
      good_ = good_ && result.activation.has_value();
      result_.activation = std::move(result.activation);
    }
    return true;
  }

  const ParameterDef* next_positional() const {
    for (const ParameterDef& parameter : table_.parameters) {
      if (parameter.positional && !result_.arguments.spans.contains(parameter.name)) return &parameter;
    }
    return nullptr;
  }

  void add_positional(const ast::Expr& expr) {
    if (const ParameterDef* parameter = next_positional()) {
      store(*parameter, expr, expr.span);
      return;
    }
    DiagnosticBuilder error = fail(diagnostics_.error(kUnexpectedArgument, expr.span, table_.name));
    if (table_.parameters.empty()) error.hint("`" + std::string(table_.name) + "` stands alone");
  }

  bool take(const ParameterDef& parameter, Span place) {
    auto [first, fresh] = result_.arguments.spans.try_emplace(std::string(parameter.name), place);
    if (!fresh)
      fail(diagnostics_.error(kRepeatedKey, place, parameter.name)).label(first->second, "first here");
    return fresh;
  }

  // Whether a word behind a key is one of the key's own, or meant to be.
  bool is_choice(const ParameterDef& parameter, const std::string& word) const {
    if (parameter.words.empty()) return false;
    return parameter.kind == ValueKind::kWord || (values_.find(word) == nullptr && !values_.is_failed(word));
  }

  void store(const ParameterDef& parameter, const ast::Expr& expr, Span place) {
    if (!take(parameter, place)) return;
    std::optional<ArgumentValue> read;
    const auto* word = std::get_if<ast::NameUse>(&expr.node);
    if (parameter.kind == ValueKind::kInit) {
      read = read_initializer(parameter, expr, values_);
    } else if (word != nullptr && is_choice(parameter, word->name)) {
      read = read_value(parameter, Value{.data = word->name}, expr.span, diagnostics_);
    } else if (std::optional<Value> value = values_.evaluate(expr)) {
      read = read_value(parameter, *value, expr.span, diagnostics_);
    }
    if (read) result_.arguments.values.insert_or_assign(std::string(parameter.name), std::move(*read));
    else good_ = false;
  }

  const ArgumentTable& table_;
  const ast::Name& name_;
  Values& values_;
  Diagnostics& diagnostics_;
  ReadArguments result_;
  std::optional<Span> activation_span_;
  bool good_ = true;
};

}  // namespace

std::optional<ReadArguments> read_arguments(const ArgumentTable& table, const ast::Name& name,
                                            std::span<const ast::Argument* const> arguments, Values& values) {
  ArgumentReader reader(table, name, values);
  for (const ast::Argument* argument : arguments) reader.add(*argument);
  return reader.finish();
}

}  // namespace netc

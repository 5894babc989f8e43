#include "compiler/network/table_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"

namespace netc {
namespace {

using runtime::TableSettings;

constexpr DiagnosticKind<std::string_view> kTableList{"table-list",
                                                      "`{}` takes columns' names, as texts in quotes"};
constexpr DiagnosticKind<std::string> kColumnTwice{"column-twice", "the column `{}` is named twice"};
constexpr DiagnosticKind<> kSeparator{"separator", "`separator` takes one character, such as \";\""};
constexpr DiagnosticKind<> kTargetTwice{"target-twice", "the target is said twice"};

template <typename T>
using Words = std::vector<std::pair<std::string_view, T>>;

const Words<runtime::Task> kTasks{{"classes", runtime::Task::kClasses},
                                  {"regression", runtime::Task::kRegression}};
const Words<runtime::CategoryCode> kCodes{{"onehot", runtime::CategoryCode::kOneHot},
                                          {"target", runtime::CategoryCode::kTarget}};
const Words<runtime::Missing> kMissing{{"mean", runtime::Missing::kMean},
                                       {"median", runtime::Missing::kMedian},
                                       {"drop", runtime::Missing::kDrop},
                                       {"error", runtime::Missing::kError}};

constexpr std::array<std::pair<std::string_view, std::vector<std::string> TableSettings::*>, 4> kLists{
    {{"targets", &TableSettings::targets},
     {"columns", &TableSettings::columns},
     {"drop", &TableSettings::dropped},
     {"categories", &TableSettings::categories}}};

std::optional<std::string> read_text(const ast::Name& key, const ast::Expr& expr, Values& values) {
  const ParameterDef parameter{.name = key.text, .kind = ValueKind::kText, .words = {}};
  std::optional<Value> value = values.evaluate(expr);
  std::optional<ArgumentValue> read =
      value ? read_value(parameter, *value, expr.span, values.diagnostics()) : std::nullopt;
  return read ? std::optional(std::get<std::string>(*read)) : std::nullopt;
}

template <typename T>
bool read_word(const ast::Name& key, const ast::Expr& expr, const Words<T>& words, Values& values,
               T& result) {
  ParameterDef parameter{.name = key.text, .kind = ValueKind::kWord, .words = {}};
  for (const auto& [word, meaning] : words) parameter.words.push_back(word);
  const auto* name = std::get_if<ast::NameUse>(&expr.node);
  std::optional<Value> value = name != nullptr ? Value{name->name} : values.evaluate(expr);
  std::optional<ArgumentValue> read =
      value ? read_value(parameter, *value, expr.span, values.diagnostics()) : std::nullopt;
  if (!read) return false;
  for (const auto& [word, meaning] : words)
    if (word == std::get<std::string>(*read)) result = meaning;
  return true;
}

bool read_separator(const ast::Name& key, const ast::Expr& expr, Values& values, char& separator) {
  const std::optional<std::string> text = read_text(key, expr, values);
  if (!text) return false;
  const bool usable = text->size() == 1 &&
                      std::string_view("\"\r\n .+-").find((*text)[0]) == std::string_view::npos &&
                      static_cast<unsigned char>((*text)[0]) < 0x80 &&
                      std::isalnum(static_cast<unsigned char>((*text)[0])) == 0;
  if (usable) separator = (*text)[0];
  else values.diagnostics().error(kSeparator, expr.span);
  return usable;
}

template <typename T>
std::string word_text(std::string_view key, const Words<T>& words, T value, T usual) {
  if (value == usual) return {};
  return fmt::format(" {}={}", key,
                     std::ranges::find(words, value, &std::pair<std::string_view, T>::second)->first);
}

}  // namespace

std::vector<std::string> table_settings() { return {"target", "task", "encode", "missing", "separator"}; }

bool is_table_list(std::string_view name) {
  return std::ranges::any_of(kLists, [&](const auto& list) { return list.first == name; });
}

bool read_table_setting(const ast::Name& key, const ast::Expr& value, Values& values, DataSpec& spec) {
  TableSettings& settings = spec.table;
  if (key.text == "task") return read_word(key, value, kTasks, values, settings.task);
  if (key.text == "encode") return read_word(key, value, kCodes, values, settings.encode);
  if (key.text == "missing") return read_word(key, value, kMissing, values, settings.missing);
  if (key.text == "separator") return read_separator(key, value, values, settings.separator);
  const std::optional<std::string> name = read_text(key, value, values);
  if (!name) return false;
  if (!settings.targets.empty()) {
    values.diagnostics().error(kTargetTwice, key.span);
    return false;
  }
  settings.targets = {*name};
  spec.column_places.try_emplace(*name, value.span);
  return true;
}

bool read_table_list(const ast::Call& call, Span span, Values& values, DataSpec& spec) {
  Diagnostics& diagnostics = values.diagnostics();
  const auto* known = std::ranges::find(kLists, std::string_view(call.function.text),
                                        [](const auto& list) { return list.first; });
  std::vector<std::string>& names = spec.table.*known->second;
  if (known->first == "targets" && !names.empty()) {
    diagnostics.error(kTargetTwice, span);
    return false;
  }
  if (call.arguments.empty()) diagnostics.error(kTableList, span, call.function.text);
  bool good = !call.arguments.empty();
  for (const ast::CallArgument& argument : call.arguments) {
    const auto* text = std::get_if<ast::String>(&argument.value->node);
    if (argument.key || text == nullptr) {
      diagnostics.error(kTableList, argument.value->span, call.function.text);
      good = false;
    } else if (std::ranges::find(names, text->value) != names.end()) {
      diagnostics.error(kColumnTwice, argument.value->span, text->value);
      good = false;
    } else {
      names.push_back(text->value);
      spec.column_places.try_emplace(text->value, argument.value->span);
    }
  }
  return good;
}

bool read_made_number(const runtime::MadeNumber& number, const ast::Expr& expr, Values& values,
                      runtime::MadeNumbers& numbers) {
  const ParameterDef parameter{.name = number.name,
                               .kind = number.whole ? ValueKind::kCount : ValueKind::kNumber,
                               .minimum = number.least,
                               .maximum = number.most,
                               .words = {}};
  std::optional<Value> value = values.evaluate(expr);
  std::optional<ArgumentValue> read =
      value ? read_value(parameter, *value, expr.span, values.diagnostics()) : std::nullopt;
  if (!read) return false;
  const auto* whole = std::get_if<std::int64_t>(&*read);
  numbers[std::string(number.name)] =
      whole != nullptr ? static_cast<double>(*whole) : std::get<double>(*read);
  return true;
}

std::string print(const TableSettings& settings) {
  std::string text;
  for (const auto& [name, list] : kLists) {
    const std::vector<std::string>& names = settings.*list;
    if (names.empty()) continue;
    if (name == "targets" && names.size() == 1) text += fmt::format(" target=\"{}\"", names[0]);
    else text += fmt::format(" {}(\"{}\")", name, fmt::join(names, "\", \""));
  }
  text += word_text("task", kTasks, settings.task, runtime::Task::kByTarget);
  text += word_text("encode", kCodes, settings.encode, runtime::CategoryCode::kOneHot);
  text += word_text("missing", kMissing, settings.missing, runtime::Missing::kMean);
  if (settings.separator != 0) text += fmt::format(" separator=\"{}\"", settings.separator);
  return text + (settings.header ? "" : " no_header");
}

std::string print(const runtime::MadeNumbers& numbers) {
  std::string text;
  for (const auto& [name, value] : numbers) text += fmt::format(" {}={}", name, value);
  return text;
}

}  // namespace netc

// One value against what a parameter takes.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/network/arguments.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string, std::string_view> kWrongValue{
    "wrong-value", "`{}` takes {}, not {}"};
constexpr DiagnosticKind<std::string_view, double> kNotWhole{"not-whole",
                                                             "`{}` takes a whole number, not {}"};
constexpr DiagnosticKind<std::string_view, std::string, double> kOutOfRange{"out-of-range",
                                                                            "`{}` must be {}, but is {}"};
constexpr DiagnosticKind<std::string_view> kAmountIsFraction{"amount-is-fraction",
                                                             "`{}` takes a whole number or a percentage"};

using Result = std::optional<ArgumentValue>;

std::string wanted(const ParameterDef& parameter) {
  switch (parameter.kind) {
    case ValueKind::kCount: return "a whole number";
    case ValueKind::kNumber: return "a number";
    case ValueKind::kShare: return "a share between 0 and 1";
    case ValueKind::kExtents:
      if (parameter.words.empty()) return "a shape such as 3x3";
      return fmt::format("a shape such as 3x3, or one of {}", fmt::join(parameter.words, ", "));
    case ValueKind::kWord: return fmt::format("one of {}", fmt::join(parameter.words, ", "));
    case ValueKind::kText: return "a text in quotes";
    case ValueKind::kInit: return "a way to start";
    case ValueKind::kFlag: return "no value: it is a word of its own";
  }
  return {};
}

std::string range_text(const ParameterDef& parameter) {
  if (parameter.maximum >= ParameterDef{}.maximum) return fmt::format("at least {}", parameter.minimum);
  return fmt::format("from {} to {}", parameter.minimum, parameter.maximum);
}

Result read_number(const ParameterDef& parameter, double number, Span place, Diagnostics& diagnostics) {
  if (parameter.kind == ValueKind::kShare) {
    if (number >= 0 && number < 1) return number;
    diagnostics.error(kOutOfRange, place, parameter.name, "at least 0 and less than 1", number);
    return std::nullopt;
  }
  if (!(number >= parameter.minimum && number <= parameter.maximum)) {
    diagnostics.error(kOutOfRange, place, parameter.name, range_text(parameter), number);
    return std::nullopt;
  }
  if (parameter.kind == ValueKind::kNumber) return number;
  if (number != std::floor(number)) {
    diagnostics.error(kNotWhole, place, parameter.name, number);
    return std::nullopt;
  }
  if (parameter.kind == ValueKind::kExtents)
    return std::vector<std::int64_t>{static_cast<std::int64_t>(number)};
  return static_cast<std::int64_t>(number);
}

Result read_extents(const ParameterDef& parameter, const std::vector<std::int64_t>& extents, Span place,
                    Diagnostics& diagnostics) {
  for (std::int64_t extent : extents) {
    const auto number = static_cast<double>(extent);
    if (number >= parameter.minimum && number <= parameter.maximum) continue;
    diagnostics.error(kOutOfRange, place, parameter.name, range_text(parameter) + " in every direction",
                      number);
    return std::nullopt;
  }
  return extents;
}

Result read_word(const ParameterDef& parameter, const std::string& word, Span place,
                 Diagnostics& diagnostics) {
  if (std::ranges::find(parameter.words, word) != parameter.words.end()) return word;
  std::vector<std::string> candidates(parameter.words.begin(), parameter.words.end());
  DiagnosticBuilder error =
      diagnostics.error(kWrongValue, place, parameter.name, wanted(parameter), "`" + word + "`");
  if (std::optional<std::string> near = suggest(word, candidates))
    error.caret("did you mean `" + *near + "`?");
  return std::nullopt;
}

}  // namespace

Result read_value(const ParameterDef& parameter, const Value& value, Span place, Diagnostics& diagnostics) {
  const ValueKind kind = parameter.kind;
  const bool numeric = kind == ValueKind::kCount || kind == ValueKind::kNumber || kind == ValueKind::kShare ||
                       kind == ValueKind::kExtents;
  if (const auto* number = std::get_if<double>(&value.data)) {
    if (numeric && (!value.percent || kind == ValueKind::kShare))
      return read_number(parameter, *number, place, diagnostics);
  } else if (const auto* extents = std::get_if<std::vector<std::int64_t>>(&value.data)) {
    if (kind == ValueKind::kExtents) return read_extents(parameter, *extents, place, diagnostics);
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (kind == ValueKind::kText) return *text;
    if (!parameter.words.empty()) return read_word(parameter, *text, place, diagnostics);
  }
  diagnostics.error(kWrongValue, place, parameter.name, wanted(parameter), describe(value));
  return std::nullopt;
}

std::optional<Amount> read_amount(std::string_view setting, const ast::Expr& expr, Values& values) {
  std::optional<Value> value = values.evaluate(expr);
  if (!value) return std::nullopt;
  Diagnostics& diagnostics = values.diagnostics();
  if (const auto* number = std::get_if<double>(&value->data)) {
    if (!value->percent && *number > 0 && *number < 1) {
      diagnostics.error(kAmountIsFraction, expr.span, setting)
          .hint(fmt::format("write `{}%`", *number * 100));
      return std::nullopt;
    }
    ParameterDef parameter{
        .name = setting, .kind = value->percent ? ValueKind::kShare : ValueKind::kCount, .words = {}};
    Result read = read_value(parameter, *value, expr.span, diagnostics);
    if (!read) return std::nullopt;
    return Amount{value->percent, *number, expr.span};
  }
  diagnostics.error(kWrongValue, expr.span, setting, "a whole number or a percentage", describe(*value));
  return std::nullopt;
}

}  // namespace netc

#pragma once
// Arguments as written -> arguments checked against a table of parameters.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/layers/layer.h"
#include "compiler/network/values.h"

namespace netc {

// The value that `parameter` takes, or empty after an error. `place` is where the value stands.
std::optional<ArgumentValue> read_value(const ParameterDef& parameter, const Value& value, Span place,
                                        Diagnostics& diagnostics);

// `he` or `normal(0.02)`, or empty after an error.
std::optional<ArgumentValue> read_initializer(const ParameterDef& parameter, const ast::Expr& expr,
                                              Values& values);

// A count or a percentage: `validation=10%`.
std::optional<Amount> read_amount(std::string_view setting, const ast::Expr& expr, Values& values);

struct ReadArguments {
  Arguments arguments;
  std::optional<Activation> activation;
};

// What takes the arguments: a layer, for instance.
struct ArgumentTable {
  std::string_view name;
  std::span<const ParameterDef> parameters;
  bool takes_activation = false;
};

// Reads what stands behind a name. Empty after an error.
std::optional<ReadArguments> read_arguments(const ArgumentTable& table, const ast::Name& name,
                                            std::span<const ast::Argument* const> arguments, Values& values);

}  // namespace netc

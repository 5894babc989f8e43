#pragma once
// The functions that expressions may call, and the names that only some expressions know.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph/scalar.h"

namespace netc {

// `exp`, `max`, ...: language.md's list is this table.
std::optional<graph::ScalarOp> find_function(std::string_view name);
std::vector<std::string> function_names();
// `norm`: of an expression over a whole tensor, which only optimizers' bodies know.
constexpr std::string_view kNorm = "norm";

// What schedules, optimizers and their settings know, in the order of OptimizerRule's last operands.
constexpr std::array<std::string_view, 3> kTimeNames{"step", "epoch", "progress"};
bool is_time_name(std::string_view name);

}  // namespace netc

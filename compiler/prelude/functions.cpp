#include "compiler/prelude/functions.h"

#include <algorithm>

namespace netc {
namespace {

using graph::ScalarOp;

constexpr ScalarOp kFunctions[] = {ScalarOp::kAbs,     ScalarOp::kSign,     ScalarOp::kMin, ScalarOp::kMax,
                                   ScalarOp::kExp,     ScalarOp::kExpm1,    ScalarOp::kLog, ScalarOp::kLog1p,
                                   ScalarOp::kSqrt,    ScalarOp::kSin,      ScalarOp::kCos, ScalarOp::kTanh,
                                   ScalarOp::kSigmoid, ScalarOp::kSoftplus, ScalarOp::kErf, ScalarOp::kPower,
                                   ScalarOp::kFloor};

}  // namespace

std::optional<ScalarOp> find_function(std::string_view name) {
  for (ScalarOp op : kFunctions) {
    if (graph::spelling(op) == name) return op;
  }
  return std::nullopt;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (ScalarOp op : kFunctions) names.emplace_back(graph::spelling(op));
  return names;
}

bool is_time_name(std::string_view name) { return std::ranges::find(kTimeNames, name) != kTimeNames.end(); }

}  // namespace netc

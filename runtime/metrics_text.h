#pragma once
// Pieces of reports.

#include <span>
#include <string>
#include <string_view>

#include "runtime/metrics.h"

namespace netc::runtime {

// `96.00 % ± 0.82`, `0.9598`, `undefined`: five digits, and the error in as many behind the point. Without a
// `metric` it is a loss.
std::string value_text(const MetricResult& result);
// Behind a title of nine letters, on as many lines as it takes.
std::string value_line(std::string_view title, std::span<const std::string> values);

}  // namespace netc::runtime

#pragma once
// The line that each compared program prints: its step times, for compare.py to read.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace netc::bench {

inline void print_times(std::vector<double> step_us, std::optional<double> first_step_seconds) {
  std::sort(step_us.begin(), step_us.end());
  fmt::print("{{\"median_us\": {}, \"p10_us\": {}, \"first_step_s\": {}}}\n", step_us[step_us.size() / 2],
             step_us[step_us.size() / 10],
             first_step_seconds ? fmt::format("{}", *first_step_seconds) : "null");
}

}  // namespace netc::bench

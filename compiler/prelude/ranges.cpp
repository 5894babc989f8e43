#include "compiler/prelude/ranges.h"

#include <algorithm>
#include <limits>
#include <string>

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string, double> kSettingRange{"setting-range",
                                                                              "`{}` must be {}, but is {}"};

constexpr double kNone = std::numeric_limits<double>::infinity();

struct Range {
  std::string_view parameter;
  double minimum = 0;
  bool above = false;  // the minimum itself is out
  double maximum = kNone;
  bool below = false;
};

// One name means one thing wherever it stands.
constexpr Range kRanges[] = {
    {.parameter = "lr"},
    {.parameter = "momentum", .maximum = 1, .below = true},
    {.parameter = "beta1", .maximum = 1, .below = true},
    {.parameter = "beta2", .maximum = 1, .below = true},
    {.parameter = "rho", .maximum = 1, .below = true},
    {.parameter = "eps"},
    {.parameter = "decay"},
    {.parameter = "lr_decay"},
    {.parameter = "momentum_decay"},
    {.parameter = "label_smoothing", .maximum = 1},
    {.parameter = "gamma"},
    {.parameter = "alpha", .maximum = 1},
    {.parameter = "delta", .above = true},
    {.parameter = "every", .above = true},
    {.parameter = "factor", .above = true},
    {.parameter = "steps", .above = true},
    {.parameter = "peak", .above = true, .maximum = 1, .below = true},
    {.parameter = "div", .above = true},
    {.parameter = "final_div", .above = true},
};

std::string words(const Range& range) {
  std::string text = fmt::format("{} {}", range.above ? "greater than" : "at least", range.minimum);
  if (range.maximum == kNone) return text;
  return text + fmt::format(" and {} {}", range.below ? "less than" : "at most", range.maximum);
}

}  // namespace

bool check_setting(std::string_view parameter, double value, Span place, Diagnostics& diagnostics) {
  const auto* range = std::ranges::find(kRanges, parameter, &Range::parameter);
  if (range == std::end(kRanges)) return true;
  const bool high_enough = range->above ? value > range->minimum : value >= range->minimum;
  const bool low_enough = range->below ? value < range->maximum : value <= range->maximum;
  if (high_enough && low_enough) return true;
  diagnostics.error(kSettingRange, place, parameter, words(*range), value);
  return false;
}

}  // namespace netc

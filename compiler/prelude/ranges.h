#pragma once
// What the settings of the prelude's losses, optimizers and schedules may be.

#include <string_view>

#include "compiler/support/diagnostics.h"

namespace netc {

// False after an error: `value`, which stands at `place`, is none that `parameter` of a definition takes.
bool check_setting(std::string_view parameter, double value, Span place, Diagnostics& diagnostics);

}  // namespace netc

#pragma once
// `early_stop` and `reduce_lr`.

#include <optional>

#include "compiler/network/settings.h"
#include "compiler/network/values.h"
#include "runtime/plateau.h"

namespace netc {

// Empty after an error.
std::optional<runtime::EarlyStopSettings> read_early_stop(const Setting& setting, Values& values);
std::optional<runtime::ReduceRateSettings> read_reduce_rate(const Setting& setting, Values& values);

// Whether the number that is looked at exists: with samples for validation, with classes. False after an
// error.
bool check_monitor(const Setting& setting, const runtime::Monitor& monitor, bool validates, bool has_classes,
                   Diagnostics& diagnostics);

}  // namespace netc

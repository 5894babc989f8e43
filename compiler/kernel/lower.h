#pragma once
// Graph -> plan: fusion, layouts, tiles, order, barriers, memory.

#include <optional>

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/schedule.h"
#include "compiler/kernel/target.h"
#include "compiler/support/diagnostics.h"

namespace netc::kernel {

// Precondition: `graph` verifies; its inputs are `samples` (u8), `labels` (i32) and the step's numbers
// `step`, `epoch`, `total_steps`, `count` (i32, rank 0); outputs named `loss_sum` guard the updates. Empty
// exactly when a diagnostic was emitted, for a graph whose form has no kernel yet.
std::optional<Plan> lower(const graph::Graph& graph, const Target& target, Diagnostics& diagnostics,
                          const ScheduleOverrides& overrides = {});

}  // namespace netc::kernel

#pragma once
// What a kernel reads and writes, cut up as its tiles are.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// Fills in `arguments` and `accesses` from form, body and schedule.
void find_accesses(const Plan& plan, Kernel& kernel);

}  // namespace netc::kernel

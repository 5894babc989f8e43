#pragma once
// What every thread computes for itself.

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"

namespace netc::kernel {

// Kernels that convert a batch's samples and mark its zeros become replicated where every thread reads all
// that they make: to fetch what another core has just written takes longer than to make it again. The kernels
// have their schedules and accesses; those of replicated ones are changed.
void replicate(Plan& plan, const Target& target);

}  // namespace netc::kernel

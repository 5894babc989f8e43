#pragma once
// Where threads have to meet.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// Can the two accesses touch the same element from two threads, one of them writing?
bool conflict(const Plan& plan, const Access& a, const Access& b);

// Sets `barrier_before` wherever a kernel conflicts with one since the last barrier, also around the end of
// the step. The step begins with a barrier, so that arena memory can be used anew.
void place_barriers(Plan& plan);

}  // namespace netc::kernel

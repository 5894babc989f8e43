#pragma once
// What a kernel has to do at the least, for profiles.

#include "compiler/kernel/kernel.h"
#include "runtime/program.h"

namespace netc::kernel {

// Of all tiles, run once. A multiply-add is two operations, any other operation of a body one, however much
// code it takes; what is spent on pads does not count. Precondition: the kernel's accesses are known.
runtime::Work work_of(const Plan& plan, const Kernel& kernel);

}  // namespace netc::kernel

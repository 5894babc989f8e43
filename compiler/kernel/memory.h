#pragma once
// Where each buffer of a step lies.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// Gives arena and private buffers their offsets. Two arena buffers share memory only where a barrier lies
// between the last use of one and the first use of the other. Precondition: barriers are placed, and the step
// begins with one.
void plan_memory(Plan& plan);

}  // namespace netc::kernel

#pragma once
// A plan and its code become a program of the runtime.

#include "compiler/kernel/kernel.h"
#include "runtime/program.h"
#include "runtime/store.h"

namespace netc::driver {

// Adds the plan's parameters and state to the store. What a program for predictions reads belongs to the
// weights.
runtime::Program bind_program(const kernel::Plan& plan, const std::vector<runtime::KernelFunction>& functions,
                              std::int64_t batch, runtime::Store& store, bool predicts = false);

}  // namespace netc::driver

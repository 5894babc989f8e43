#pragma once
// What debuggers and profilers want to know of code that no file holds.

#include <vector>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include "compiler/codegen/codegen.h"

namespace netc::codegen {

// Everything that `jit` links from now on is told to GDB, with its lines, and is added to `functions`.
// `functions` has to outlive `jit`.
void watch_link(llvm::orc::LLJIT& jit, std::vector<LinkedFunction>& functions);

}  // namespace netc::codegen

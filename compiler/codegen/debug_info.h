#pragma once
// Where a kernel's code comes from, for debuggers and profilers: its function stands at a line of the .net
// file.

#include <llvm/IR/DebugLoc.h>
#include <llvm/IR/Function.h>

#include "compiler/kernel/kernel.h"

namespace netc::codegen {

// Gives the function a debug entry with the kernel's name, file and line, and returns the place for its
// instructions; empty where the kernel comes from no line.
llvm::DebugLoc describe_function(llvm::Function& function, const kernel::Kernel& kernel);

}  // namespace netc::codegen

#pragma once
// What the cache keeps an object file under.

#include <string>

#include <llvm/IR/Module.h>

#include "compiler/kernel/target.h"

namespace netc::codegen {

// Everything that determines the code of a module: its IR, debug places included, the processor, and this
// build of netc with its LLVM. Empty where the build cannot be told from others: then nothing is kept.
std::string object_key(const llvm::Module& module, const kernel::Target& target);

}  // namespace netc::codegen

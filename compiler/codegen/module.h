#pragma once
// One kernel as an LLVM module, and a module as an object file.

#include <memory>

#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"

namespace netc::codegen {

// Precondition: LLVM's targets are initialised (initialize_llvm).
std::unique_ptr<llvm::TargetMachine> make_target_machine(const kernel::Target& target);
void initialize_llvm();

// The module has one function, of the module's name.
std::unique_ptr<llvm::Module> make_module(llvm::LLVMContext& context, const kernel::Plan& plan,
                                          std::size_t kernel, const llvm::TargetMachine& machine);

// Code generation alone: the IR is in its final form. `file` is an object or assembly.
llvm::SmallVector<char, 0> generate(llvm::Module& module, llvm::TargetMachine& machine,
                                    llvm::CodeGenFileType file);

}  // namespace netc::codegen

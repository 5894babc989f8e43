#include "compiler/codegen/module.h"

#include <mutex>

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Host.h>

#include "compiler/codegen/forms.h"
#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"

namespace netc::codegen {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    // Addresses are emitted as the loops want them: looking for better ones takes time and gains nothing.
    llvm::cl::getRegisteredOptions()["disable-lsr"]->addOccurrence(0, "disable-lsr", "true");
  });
}

std::unique_ptr<llvm::TargetMachine> make_target_machine(const kernel::Target& target) {
  const std::string triple = llvm::sys::getProcessTriple();
  std::string error;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple, error);
  NETC_CHECK(found, "LLVM has this machine's target");
  std::unique_ptr<llvm::TargetMachine> machine(found->createTargetMachine(
      triple, target.cpu, target.features, {}, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Less));
  NETC_CHECK(machine, "LLVM has a target machine for the processor");
  return machine;
}

std::unique_ptr<llvm::Module> make_module(llvm::LLVMContext& context, const kernel::Plan& plan,
                                          std::size_t number, const llvm::TargetMachine& machine) {
  const kernel::Kernel& kernel = plan.kernels[number];
  auto module = std::make_unique<llvm::Module>(symbol(kernel, number), context);
  module->setDataLayout(machine.createDataLayout());
  module->setTargetTriple(machine.getTargetTriple().str());
  const bool has_avx512 =
      machine.getTargetTriple().isX86() && machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
  Emitter emitter(*module, plan, kernel, has_avx512);
  std::visit(overloaded{[&](const kernel::ContractKernel& form) { emit_contract(emitter, form); },
                        [&](const kernel::RowsKernel&) { emit_rows(emitter); },
                        [&](const kernel::ColumnsKernel& form) { emit_columns(emitter, form); },
                        [&](const kernel::RandomKernel& form) { emit_random(emitter, form); },
                        [&](const kernel::RelayoutKernel& form) { emit_relayout(emitter, form); },
                        [&](const kernel::NonzeroKernel& form) { emit_nonzero(emitter, form); },
                        [&](const kernel::UniformsKernel& form) { emit_uniforms(emitter, form); }},
             kernel.form);
#ifndef NDEBUG
  std::string fault;
  llvm::raw_string_ostream out(fault);
  NETC_CHECK(!llvm::verifyModule(*module, &out), fault);
#endif
  return module;
}

llvm::SmallVector<char, 0> generate(llvm::Module& module, llvm::TargetMachine& machine,
                                    llvm::CodeGenFileType file) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  NETC_CHECK(!machine.addPassesToEmitFile(passes, out, nullptr, file),
             "LLVM can emit files for this machine");
  passes.run(module);
  return bytes;
}

}  // namespace netc::codegen

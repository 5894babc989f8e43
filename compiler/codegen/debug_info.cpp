#include "compiler/codegen/debug_info.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/Module.h>

namespace netc::codegen {

llvm::DebugLoc describe_function(llvm::Function& function, const kernel::Kernel& kernel) {
  if (kernel.line == 0) return {};
  llvm::Module& module = *function.getParent();
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  llvm::DIBuilder builder(module);
  llvm::DIFile* file = builder.createFile(kernel.file, ".");
  builder.createCompileUnit(llvm::dwarf::DW_LANG_C, file, "netc", true, "", 0, "",
                            llvm::DICompileUnit::LineTablesOnly);
  llvm::DISubroutineType* type = builder.createSubroutineType(builder.getOrCreateTypeArray({}));
  llvm::DISubprogram* subprogram =
      builder.createFunction(file, kernel.name, function.getName(), file, kernel.line, type, kernel.line,
                             llvm::DINode::FlagZero, llvm::DISubprogram::SPFlagDefinition);
  function.setSubprogram(subprogram);
  builder.finalize();
  return llvm::DILocation::get(module.getContext(), kernel.line, 1, subprogram);
}

}  // namespace netc::codegen

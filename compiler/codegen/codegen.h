#pragma once
// Plans -> machine code, or its text. The only folder that knows LLVM.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"
#include "runtime/cache.h"

namespace netc::codegen {

// A processor by LLVM's name, such as x86-64-v3; empty: this machine. Empty result: there is no such
// processor.
std::optional<kernel::Target> find_target(const std::string& cpu);
// Can this machine run code for the target?
bool runs_here(const kernel::Target& target);

using KernelFunction = void (*)(void* const* args, std::int64_t begin, std::int64_t end);

// A kernel's code in memory, by the name that debuggers and profilers show.
struct LinkedFunction {
  std::string name;  // `dense_1.weight.forward.2`
  std::uint64_t address = 0, bytes = 0;
};

// Machine code in this process, of one plan after the other. Functions live as long as it does.
class Code {
 public:
  virtual ~Code() = default;
  // Compiles plan `plan`, on up to `threads` threads: what neither an earlier plan nor the cache has. Code
  // that is there already may run meanwhile; nothing else may be asked of this object.
  virtual void compile(std::size_t plan, int threads, const runtime::Cache& cache) = 0;
  // Of the kernels of plan `plan`, in order; null for those that are not compiled yet.
  virtual std::vector<KernelFunction> functions(std::size_t plan) const = 0;
  virtual std::size_t compiled_kernels() const = 0;  // so far; equal kernels are compiled once
  virtual std::size_t cached_kernels() const = 0;    // of them, those that the cache had
  virtual const std::vector<LinkedFunction>& linked() const = 0;
};

// Nothing is compiled yet. The plans outlive their compilation.
std::unique_ptr<Code> make_code(std::span<const kernel::Plan* const> plans, const kernel::Target& target);
// All of the plans, compiled.
std::unique_ptr<Code> compile(std::span<const kernel::Plan* const> plans, const kernel::Target& target,
                              int threads, const runtime::Cache& cache = runtime::Cache());

// LLVM IR as it goes into code generation; no pass runs before it.
std::string emit_llvm(const kernel::Plan& plan, const kernel::Target& target);
std::string emit_assembly(const kernel::Plan& plan, const kernel::Target& target);

}  // namespace netc::codegen

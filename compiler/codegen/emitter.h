#pragma once
// What every kernel's code shares: the function around it, loops, and addresses of buffer elements.
//
// A kernel is `void name(ptr args, i64 begin, i64 end)`: args[i] is the memory of the kernel's i-th argument,
// and tiles begin <= t < end, one at least, are to be done.

#include <functional>
#include <string>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "compiler/kernel/kernel.h"

namespace netc::codegen {

class Emitter {
 public:
  // `has_avx512`: instructions of x86's AVX-512F may be used, and there are 32 registers of 16 floats.
  Emitter(llvm::Module& module, const kernel::Plan& plan, const kernel::Kernel& kernel, bool has_avx512);

  llvm::IRBuilder<>& builder() { return b_; }
  const kernel::Plan& plan() const { return plan_; }
  const kernel::Kernel& kernel() const { return kernel_; }
  bool has_avx512() const { return has_avx512_; }
  llvm::Value* begin() { return function_->getArg(1); }
  llvm::Value* end() { return function_->getArg(2); }
  // Closes the function.
  void finish() { b_.CreateRetVoid(); }

  llvm::Type* vector_type() { return llvm::FixedVectorType::get(b_.getFloatTy(), kernel::kLanes); }
  llvm::Value* index(std::int64_t value) { return b_.getInt64(value); }

  // for (i = first; i < last; i += step) body(i). The body may make blocks of its own. `some`: the range is
  // known not to be empty.
  void loop(llvm::Value* first, llvm::Value* last, std::int64_t step, bool some,
            const std::function<void(llvm::Value*)>& body);
  // The same with values carried round: body(i, carried) returns their next values; the result is their last
  // ones. The range is not empty.
  std::vector<llvm::Value*> reduce_loop(
      llvm::Value* first, llvm::Value* last, std::int64_t step, std::vector<llvm::Value*> carried,
      const std::function<std::vector<llvm::Value*>(llvm::Value*, std::vector<llvm::Value*>)>& body);

  // do carried = body(carried) while its last value, an integer, is not zero; if that is zero at once, not at
  // all.
  std::vector<llvm::Value*> reduce_while_not_zero(
      std::vector<llvm::Value*> carried,
      const std::function<std::vector<llvm::Value*>(std::vector<llvm::Value*>)>& body);

  void branch(llvm::Value* condition, const std::function<void()>& then,
              const std::function<void()>& otherwise);

  // Values that are then(values) where the condition holds, else as they are.
  std::vector<llvm::Value*> where(
      llvm::Value* condition, std::vector<llvm::Value*> values,
      const std::function<std::vector<llvm::Value*>(std::vector<llvm::Value*>)>& then);

  // Memory of the function's own, aligned for vectors.
  llvm::Value* scratch(std::int64_t bytes);
  // Memory of 16 zeros.
  llvm::Value* zeros();

  // The memory of a buffer (of kSamples and kLabels: the address of a runtime::BatchRows).
  llvm::Value* base(kernel::BufferId id);
  // The first of 16 elements at (row, column): column is a multiple of 16.
  llvm::Value* element_address(kernel::BufferId id, llvm::Value* row, llvm::Value* column);
  // pointer + elements * bytes + offset
  llvm::Value* advance(llvm::Value* pointer, llvm::Value* elements, std::int64_t element_bytes = 4);
  llvm::Value* advance(llvm::Value* pointer, std::int64_t bytes);
  llvm::Value* times(llvm::Value* value, std::int64_t factor);
  // Rounded down, also below 0 (above -2^20 times the divisor), and what remains.
  llvm::Value* quotient(llvm::Value* value, std::int64_t divisor);
  llvm::Value* remainder(llvm::Value* value, std::int64_t divisor);
  // Of a buffer's elements.
  llvm::Type* element_type(kernel::BufferId id);
  llvm::Value* load(llvm::Type* type, llvm::Value* pointer);
  void store(llvm::Value* value, llvm::Value* pointer);
  // Brings a line to the first or the second level of the cache.
  void prefetch(llvm::Value* pointer, int level = 1);
  // To the first level, for this core alone.
  void prefetch_to_write(llvm::Value* pointer);
  // Where the row of the batch lies in the data set (kSamples), or its label (kLabels).
  llvm::Value* sample_address(kernel::BufferId id, llvm::Value* row);

  // The first row (or block) of a tile along the parallel axis.
  llvm::Value* tile_begin(llvm::Value* tile, std::int64_t extent, std::int64_t tiles);
  llvm::Value* tile_size(llvm::Value* tile, std::int64_t extent, std::int64_t tiles);
  // body(size) for the tile's size; there are two at most.
  void balanced(llvm::Value* tile, std::int64_t extent, std::int64_t tiles,
                const std::function<void(std::int64_t)>& body);

 private:
  void prefetch(llvm::Value* pointer, int level, std::uint32_t write);

  const kernel::Plan& plan_;
  const kernel::Kernel& kernel_;
  const bool has_avx512_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_;
  std::vector<llvm::Value*> bases_;
};

// A name that assemblers and profilers take: letters, digits, `_` and `.`.
std::string symbol(const kernel::Kernel& kernel, std::size_t number);

}  // namespace netc::codegen

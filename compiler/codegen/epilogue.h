#pragma once
// A contraction's epilogue: its statements for the sums of a register tile.

#include <span>

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

// Short epilogues are emitted for each vector of a tile, straight from the registers. Long ones stand in the
// code once, in a loop over a scratch copy of the sums: their square roots and divisions run on beside the
// products of the next tile, as far as the processor looks ahead.
class Epilogue {
 public:
  Epilogue(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form);

  // For the sums of a tile whose first element stands at (row, block): `width` vectors a row.
  void finish(llvm::Value* row, llvm::Value* block, std::int64_t width, std::span<llvm::Value* const> sums);

 private:
  void statements(llvm::Value* row, llvm::Value* block, llvm::Value* sum);
  void from_scratch(llvm::Value* row, llvm::Value* block, std::int64_t width, llvm::Value* number);
  void copy_to_scratch(std::span<llvm::Value* const> sums);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const bool is_long_;
  llvm::Value* scratch_ = nullptr;
};

}  // namespace netc::codegen

#pragma once
// A contraction's epilogue: its statements for the sums of a register tile.

#include <span>

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

// Short epilogues are emitted for each vector of a tile, straight from the registers. Long ones stand in the
// code once, in a loop over a scratch copy of the sums; and where the schedule defers them, that loop runs
// one vector at a time between the products of the next tile, so that its square roots and divisions hide
// behind them.
class Epilogue {
 public:
  Epilogue(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form);

  // For the sums of a tile whose first element stands at (row, block): `width` vectors a row.
  void finish(llvm::Value* row, llvm::Value* block, std::int64_t width, std::span<llvm::Value* const> sums);
  // The same, but the tile waits.
  void defer(llvm::Value* row, llvm::Value* block, std::int64_t width, std::span<llvm::Value* const> sums);
  // Of the tile that waits: its place, how many vectors it has, and how many of them a row.
  struct Waiting {
    llvm::Value *row, *block, *count, *width;
  };
  Waiting waiting();
  // Its vector `number`, if it has so many.
  void deferred_step(const Waiting& waiting, llvm::Value* number);
  // What still waits, after the last tile.
  void flush();

 private:
  void statements(llvm::Value* row, llvm::Value* block, llvm::Value* sum);
  // Vector `number` of a tile: at row `down`, block `right` of it.
  struct Place {
    llvm::Value *down, *right;
  };
  Place place(llvm::Value* number, llvm::Value* width);
  void from_scratch(llvm::Value* row, llvm::Value* block, llvm::Value* width, llvm::Value* number);
  void copy_to_scratch(std::span<llvm::Value* const> sums);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const bool is_long_;
  llvm::Value* scratch_ = nullptr;
  // Memory of what waits, in the order of Waiting.
  llvm::Value *row_ = nullptr, *block_ = nullptr, *count_ = nullptr, *width_ = nullptr;
  std::int64_t widest_ = 1;
};

}  // namespace netc::codegen

#pragma once
// A contraction's epilogue: its statements for the sums of a register tile.

#include <span>
#include <vector>

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

// Short epilogues are emitted for each vector of a tile, straight from the registers. Long ones stand in the
// code once for all tiles of a width, in a loop over a scratch copy of the sums. There, where registers are
// many, vectors go in groups, one operation for all of a group after the other: what waits for a result is
// far behind it, and half of the square roots are made of products, so that both units are busy.
class Epilogue {
 public:
  // Of a tile's sums: the first row, how far its rows lie apart, its first block, and vectors a row.
  struct Place {
    llvm::Value* row = nullptr;
    std::int64_t step = 1;
    llvm::Value* block = nullptr;
    std::int64_t width = 1;
  };

  Epilogue(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form);

  bool is_long() const { return is_long_; }
  void finish(const Place& place, std::span<llvm::Value* const> sums);

  // A long one in two parts: keeps the sums; does the statements for the `count` that were kept.
  void keep(std::span<llvm::Value* const> sums);
  void finish_kept(const Place& place, llvm::Value* count);

  // A long one of sums one vector wide that waits: its vectors, as many as `waiting` says, are finished one
  // by one between the products of the next tile; `finish_waiting` does so at once.
  void defer(const Place& place, std::span<llvm::Value* const> sums);
  llvm::Value* waiting();
  void finish_deferred(llvm::Value* number);
  void finish_waiting();

 private:
  using Group = std::span<ScalarEmitter>;
  void statements(Group group);
  void enter(ScalarEmitter& scalars, llvm::Value* row, llvm::Value* block, llvm::Value* sum);
  void kept(const Place& place, llvm::Value* number, llvm::Value* last);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const bool is_long_;
  std::vector<ScalarEmitter> group_;
  llvm::Value* scratch_ = nullptr;
  // Memory of what waits: where it lies, and how many vectors it has.
  llvm::Value *row_ = nullptr, *block_ = nullptr, *count_ = nullptr;
};

}  // namespace netc::codegen

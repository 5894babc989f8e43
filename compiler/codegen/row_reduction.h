#pragma once
// A reduction along a row: 16 lanes side by side, then a fixed tree over the lanes, so that the order depends
// on the row's length alone.

#include <span>
#include <vector>

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

class RowReduction {
 public:
  RowReduction(Emitter& emitter, ScalarEmitter& scalars, const kernel::Statement& statement,
               std::uint32_t number)
      : e_(emitter), b_(emitter.builder()), scalars_(scalars), statement_(statement), number_(number) {}

  std::uint32_t number() const { return number_; }
  // Values carried from block to block: the lanes' results and, for argmax, their columns.
  std::size_t width() const { return statement_.kind == kernel::Statement::Kind::kArgmax ? 2 : 1; }
  std::vector<llvm::Value*> start();
  // With the block that `scalars` stands at.
  std::vector<llvm::Value*> step(std::span<llvm::Value* const> carried);
  // A float.
  llvm::Value* finish(std::span<llvm::Value* const> carried);

 private:
  llvm::Value* identity();
  llvm::Value* lane_numbers();
  llvm::Value* combine(llvm::Value* a, llvm::Value* b);
  struct Best {
    llvm::Value* value;
    llvm::Value* column;
  };
  // The greater; a NaN is greater than any number; the smaller column among equals.
  Best better(Best a, Best b);
  llvm::Value* first_of_largest(llvm::Value* values, llvm::Value* columns);
  llvm::Value* half(llvm::Value* vector, bool upper);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const kernel::Statement& statement_;
  std::uint32_t number_;
};

}  // namespace netc::codegen

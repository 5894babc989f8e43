#pragma once
// The sums of a register tile whose k lie along the vectors: kernel::Dots.

#include "compiler/codegen/products.h"

namespace netc::codegen {

class DotProducts {
 public:
  DotProducts(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form)
      : e_(emitter), b_(emitter.builder()), scalars_(scalars), form_(form) {}

  // Over all k, of so many columns in one block: a vector of sums for each row.
  Sums all(const Tile& tile, std::int64_t columns);

 private:
  struct Bases {
    llvm::Value *a, *b;
  };
  // Some rows and columns of a tile, with sums in registers.
  struct Piece {
    Tile rows;
    std::int64_t first_row, first_column, columns;
  };
  std::vector<Piece> pieces(const Tile& tile, std::int64_t columns);
  Bases bases(const Piece& piece);
  Bases at_block(const Bases& from, llvm::Value* number);
  Sums add_blocks(const Piece& piece, llvm::Value* first, llvm::Value* last, Sums sums);
  // Where a piece's sums are kept, each a vector.
  std::vector<llvm::Value*> kept(const Piece& piece, llvm::Value* memory, std::int64_t columns);
  // The sums of the first `blocks`, part by part.
  llvm::Value* sum_parts(const Tile& tile, std::int64_t columns, std::int64_t blocks);
  void add_dots(const Piece& piece, Bases at, std::int64_t lanes, Sums& sums);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const kernel::ContractKernel& form_;
};

}  // namespace netc::codegen

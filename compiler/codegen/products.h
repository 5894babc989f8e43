#pragma once
// The products and sums of a contraction's register tile.

#include <vector>

#include "compiler/codegen/epilogue.h"
#include "compiler/codegen/panel_copier.h"
#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

// Where a tile lies, and its size: `height` rows of `width` vectors, of which `lanes` hold columns.
struct Tile {
  llvm::Value* row = nullptr;
  llvm::Value* block = nullptr;
  std::int64_t height = 1, width = 1, lanes = kernel::kLanes;
};

using Sums = std::vector<llvm::Value*>;

// sums = body(k, count, sums) for `unroll` k of a part at a time, and then for those that are left over.
Sums unrolled(Emitter& emitter, Part part, std::int64_t unroll, Sums sums,
              const std::function<Sums(llvm::Value*, std::int64_t, Sums)>& body);

// Sums are carried in vectors round the loop over k: b is loaded once a k and shared by all rows, a is
// broadcast.
class Products {
 public:
  Products(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form)
      : e_(emitter), b_(emitter.builder()), scalars_(scalars), form_(form) {}

  // Over all k. This is number `number` of the `tiles` row tiles of a group.
  Sums all(const Tile& tile, std::int64_t tiles, llvm::Value* number);
  // Over all k, in place or from panels, with the epilogue of the tile before: a vector of it before each
  // share of the k.
  Sums beside(const Tile& tile, const PanelCopier* panels, llvm::Value* row_tile, Epilogue& epilogue);
  // Over a part of them, from the panels, the tile's of a being number `row_tile`; added to `sums`.
  Sums from_panels(const Tile& tile, const PanelCopier& panels, llvm::Value* row_tile, Part part, Sums sums);
  // Over those k for which any of the tile's rows has a number in a that is not zero. The others would add
  // zeros, which changes no bit of a sum.
  Sums nonzero(const Tile& tile);

 private:
  // At a k, with the strides from there, in elements.
  struct Operands {
    llvm::Value *a, *b;
    std::int64_t a_row_stride, a_k_stride, b_k_stride, b_block_stride;
  };
  Operands in_place(const Tile& tile);
  Operands copied(const Tile& tile, const PanelCopier& panels, llvm::Value* row_tile);
  Sums over(const Tile& tile, const Operands& from, Part part, Sums sums);
  Sums zeros(const Tile& tile);
  // Vectors of 16 lanes; those beyond the given ones are 0.
  Sums widened(Sums sums);
  // The products at the k that lies `k` after the one that `at` stands on.
  void add(const Tile& tile, const Operands& at, std::int64_t k, Sums& sums);
  void fetch_next(const Tile& tile, std::int64_t tiles, llvm::Value* number, llvm::Value* k);
  // Brings what lies so far apart that the hardware does not foresee it.
  void fetch(const Tile& tile, const Operands& at, std::int64_t k);
  Operands advance(const Operands& operands, llvm::Value* k);
  llvm::Value* word(const Tile& tile, llvm::Value* number);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const kernel::ContractKernel& form_;
};

}  // namespace netc::codegen

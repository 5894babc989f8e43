#pragma once
// The products and sums of a register tile whose rows and k are places in images.

#include <span>

#include "compiler/codegen/products.h"

namespace netc::codegen {

// `height` neighbouring places of the last row axis from `first` on, at one value of each other.
struct PositionTile {
  const kernel::Positions::Phase* phase = nullptr;
  std::vector<llvm::Value*> others;
  llvm::Value* first = nullptr;   // a constant where borders cut the tile
  llvm::Value* number = nullptr;  // of all tiles along the last row axis
  llvm::Value* block = nullptr;
  std::int64_t height = 1, width = 1;
};

// As Products. Where a border cuts some of a tile's rows off, k stands in the code value by value, each with
// the rows that it counts for; where it cuts the tile as a whole, k runs over what is inside.
class PositionProducts {
 public:
  PositionProducts(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form)
      : e_(emitter), b_(emitter.builder()), scalars_(scalars), form_(form) {}

  // Over parts of the first ks, and all of those behind; from the panels, if there are any. Added to `sums`.
  Sums add(const PositionTile& tile, Sums sums, const Parts& parts, const PanelCopier* panels);

 private:
  using Axis = kernel::Positions::KAxis;
  struct Bases {
    llvm::Value *a, *b;
  };
  struct Rows {
    std::int64_t begin, end;
  };
  const kernel::Positions& positions() const { return *form_.positions; }
  Bases in_place(const PositionTile& tile);
  Bases in_panels(const PositionTile& tile, const PanelCopier& panels);
  Bases advance(Bases bases, std::size_t axis, llvm::Value* k);
  Sums over(std::size_t axis, const PositionTile& tile, Bases at, Rows rows, Sums sums);
  Sums one_by_one(std::size_t axis, const PositionTile& tile, Bases at, Rows rows, Sums sums);
  Sums loop(std::size_t axis, const PositionTile& tile, Bases at, Rows rows, Sums sums);
  Sums innermost(const PositionTile& tile, Bases at, Rows rows, Sums sums, Part part);
  void multiply(const PositionTile& tile, Bases at, Rows rows, Sums& sums);
  const std::vector<Axis>& ks() const { return phase_->ks; }
  bool is_small(std::size_t axis) const;
  bool is_empty_somewhere(const Axis& axis) const;
  Part inside(const Axis& axis, const PositionTile& tile, Part part);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const kernel::ContractKernel& form_;
  const kernel::Positions::Phase* phase_ = nullptr;
  Parts parts_;
  // Of the operands, or of the panels: k's by axis, and from block to block.
  std::vector<std::int64_t> a_strides_, b_strides_;
  std::int64_t b_block_stride_ = 0;
};

}  // namespace netc::codegen

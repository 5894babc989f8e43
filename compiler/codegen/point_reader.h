#pragma once
// Reads at index maps: where a kernel reads other places than its element's own.

#include "compiler/codegen/emitter.h"

namespace netc::codegen {

// Knows the value of each axis at the present place: the kernel's own, those of a window, and divisions. The
// last of the kernel's axes runs along the vector; lane 0 stands at the first column.
class PointReader {
 public:
  explicit PointReader(Emitter& emitter);

  void enter_row(llvm::Value* row);
  void enter_block(llvm::Value* column) { column_ = column; }
  // The point of the kernel's window, by its axes.
  void enter_point(std::vector<llvm::Value*> axes) { point_ = std::move(axes); }
  void leave_point() { point_.clear(); }
  // Until null is set: only these lanes' points take part, so that nothing need be there for others.
  void set_lanes(llvm::Value* lanes) { lanes_ = lanes; }

  // Does it change along the vector?
  bool varies(const kernel::AffineIndex& index) const;
  bool varies(const kernel::Operand& operand) const;
  // Does it change from point to point of a window?
  bool moves(const kernel::Operand& operand) const;

  // kAt: what is stored there, and 0 outside; kIndex: the index as a float. A vector if it varies.
  llvm::Value* read(const kernel::Operand& operand);
  // Those of the ranges that hold for all lanes alike, and those that hold lane by lane; null where there are
  // none.
  llvm::Value* inside_alike(const std::vector<kernel::Range>& ranges) { return inside(ranges, false); }
  llvm::Value* inside_by_lane(const std::vector<kernel::Range>& ranges) { return inside(ranges, true); }

 private:
  llvm::Value* inside(const std::vector<kernel::Range>& ranges, bool by_lane);
  llvm::Value* lanes_that_read(const kernel::Operand& operand);
  const kernel::Window::Division* division(std::uint32_t axis) const;
  bool is_even(const kernel::AffineIndex& index) const;
  std::int64_t column_factor(const kernel::AffineIndex& index) const;
  bool is_moving(const kernel::AffineIndex& index) const;
  bool is_contiguous(const kernel::Operand& operand) const;
  llvm::Value* divided(const kernel::Window::Division& division, std::int64_t lane);
  llvm::Value* axis(std::uint32_t number, std::int64_t lane);
  llvm::Value* value(const kernel::AffineIndex& index, std::int64_t lane = 0);
  llvm::Value* values(const kernel::AffineIndex& index);
  llvm::Value* number(const kernel::AffineIndex& index);
  llvm::Value* address(const kernel::Operand& operand, std::int64_t lane);
  llvm::Value* one_by_one(const kernel::Operand& operand, llvm::Value* inside);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const graph::Extents& extents_;
  const kernel::Window* window_ = nullptr;  // the kernel's, if it has one
  llvm::Value* column_ = nullptr;
  std::vector<llvm::Value*> row_axes_;
  std::vector<llvm::Value*> point_;
  llvm::Value* lanes_ = nullptr;
};

}  // namespace netc::codegen

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
  // The point of a window, by its axes.
  void enter_point(const kernel::Window& window, std::vector<llvm::Value*> axes);
  void leave_point() { window_ = nullptr; }

  // Does it change along the vector?
  bool varies(const kernel::AffineIndex& index) const { return column_factor(index) != 0; }
  bool varies(const kernel::Operand& operand) const;
  // Does it change from point to point of a window?
  bool moves(const kernel::Operand& operand) const;

  // kAt: what is stored there, and 0 outside; kIndex: the index as a float. A vector if it varies.
  llvm::Value* read(const kernel::Operand& operand);
  // Of each lane, or of all of them; null where there are no ranges.
  llvm::Value* inside(const std::vector<kernel::Range>& ranges);

 private:
  bool varies(const std::vector<kernel::Range>& ranges) const;
  std::int64_t column_factor(const kernel::AffineIndex& index) const;
  bool is_moving(const kernel::AffineIndex& index) const;
  bool is_contiguous(const kernel::Operand& operand) const;
  llvm::Value* axis(std::uint32_t number);
  llvm::Value* value(const kernel::AffineIndex& index);
  llvm::Value* values(const kernel::AffineIndex& index);
  llvm::Value* number(const kernel::AffineIndex& index);
  llvm::Value* address(const kernel::Operand& operand, std::int64_t lane);
  llvm::Value* one_by_one(const kernel::Operand& operand, llvm::Value* inside);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const graph::Extents& extents_;
  llvm::Value* column_ = nullptr;
  std::vector<llvm::Value*> row_axes_;
  const kernel::Window* window_ = nullptr;
  std::vector<llvm::Value*> point_;
};

}  // namespace netc::codegen

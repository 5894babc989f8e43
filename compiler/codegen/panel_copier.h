#pragma once
// Copies of what a contraction's tiles read of a part of k. See kernel::Panels.

#include <vector>

#include "compiler/codegen/emitter.h"
#include "compiler/kernel/k_blocks.h"

namespace netc::codegen {

// Values of an axis of k: first <= k < last.
struct Part {
  llvm::Value *first, *last;
};
// Of the first ks.
using Parts = std::vector<Part>;

class PanelCopier {
 public:
  // Precondition: the form has panels.
  PanelCopier(Emitter& emitter, const kernel::ContractKernel& form);

  // Of a, for the tiles [first, last) along the last row axis. `outer`: the value of the first row axis.
  void copy_a(const Parts& parts, llvm::Value* outer, llvm::Value* first, llvm::Value* last);
  // Of b, for a tile of columns.
  void copy_b(const Parts& parts, llvm::Value* outer, llvm::Value* column_tile);

  // Where place 0 would be, of a in the panel of a tile.
  llvm::Value* a(llvm::Value* tile) const;
  llvm::Value* b(std::int64_t width) const;
  // What an operand's stride becomes.
  std::int64_t a_stride(std::int64_t stride) const { return stride / panels_.a_place * form_.row_tile; }
  std::int64_t b_stride(std::int64_t stride, std::int64_t width) const {
    return stride / panels_.b_place * width * kernel::kLanes;
  }

 private:
  Part places(const kernel::Reach& reach, const Parts& parts, llvm::Value* outer);
  llvm::Value* first_row(llvm::Value* tile);
  std::int64_t panel_bytes() const;
  void copy_columns(Part places, llvm::Value* block, std::int64_t width);
  void copy_vector(llvm::Value* from, llvm::Value* to);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::ContractKernel& form_;
  const kernel::Panels& panels_;
  const kernel::Reach a_reach_, b_reach_;
  llvm::Value *first_tile_ = nullptr, *a_low_ = nullptr, *b_low_ = nullptr;  // of what was copied last
};

}  // namespace netc::codegen

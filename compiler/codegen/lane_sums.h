#pragma once
// The sums over the lanes of several vectors, as one vector.

#include <span>

#include "compiler/codegen/emitter.h"

namespace netc::codegen {

// Lane c of the result is the sum of the 16 lanes of vectors[c], of which there are 16 at most; 0 in the
// lanes beyond. Each is added up in the order of a row's reduction: halves, then quarters, and so on.
llvm::Value* lane_sums(llvm::IRBuilder<>& builder, std::span<llvm::Value* const> vectors);

}  // namespace netc::codegen

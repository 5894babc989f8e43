#pragma once
// Tile sizes and the parallel axis, from shapes and the target alone.

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"

namespace netc::kernel {

// Rows that one tile of a kernel over rows has at most: enough independent sums to hide the latency of a
// multiply-add.
constexpr std::int64_t kRowTile = 8;

// Fills in the kernel's tiles, parallel axis and, for a contraction, its register tile.
void schedule(Kernel& kernel, const Target& target);

}  // namespace netc::kernel

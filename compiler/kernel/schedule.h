#pragma once
// Tile sizes and the parallel axis, from shapes and the target alone.

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"

namespace netc::kernel {

// Rows that one tile of a kernel over rows has at most: enough independent sums to hide the latency of a
// multiply-add.
constexpr std::int64_t kRowTile = 8;

// For experiments: contractions whose names begin with `kernel` (all, if it is empty) take `value` for what
// `key` names of their schedule. See schedule_keys.
struct ScheduleOverride {
  std::string kernel, key;
  std::int64_t value = 0;
};
using ScheduleOverrides = std::vector<ScheduleOverride>;
// row_tile, block_tile, row_group, unroll, nonzeros (the percentage up to which zeros are
// passed over; 0: never), nonzero_row_tile, nonzero_block_tile, columns_at_once (of dot products), k_block
// (places of a part of k at the most; 0: all), defers (0: a tile's statements do not wait for the next tile).
std::vector<std::string> schedule_keys();
// What is wished for a kernel, the last wish first.
std::int64_t wished(const ScheduleOverrides& overrides, const Kernel& kernel, std::string_view key,
                    std::int64_t otherwise);

// Fills in the kernel's tiles, parallel axis and, for a contraction, the rest of its schedule. What is wished
// for is bounded by what the registers hold.
void schedule(Kernel& kernel, const Target& target, const ScheduleOverrides& overrides = {});

// Kernels over equally many rows, or columns, are shared out alike where their tiles allow it: what one of
// them writes is then read by the same thread, without a barrier between.
void share_alike(Plan& plan);

}  // namespace netc::kernel

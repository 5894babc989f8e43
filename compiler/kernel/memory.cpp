#include "compiler/kernel/memory.h"

#include <algorithm>
#include <limits>

namespace netc::kernel {

namespace {

// In stretches between barriers.
struct Lifetime {
  std::size_t first = std::numeric_limits<std::size_t>::max(), last = 0;
  bool used() const { return first <= last; }
  bool overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

std::vector<Lifetime> lifetimes(const Plan& plan) {
  std::vector<Lifetime> result(plan.buffers.size());
  std::size_t stretch = 0;
  for (const Kernel& kernel : plan.kernels) {
    if (kernel.barrier_before) ++stretch;
    for (const Access& access : kernel.accesses) {
      Lifetime& life = result[index(access.buffer)];
      life.first = std::min(life.first, stretch);
      life.last = std::max(life.last, stretch);
    }
  }
  // The runtime reads outputs after the step.
  for (const Plan::Output& output : plan.outputs) result[index(output.buffer)].last = stretch;
  return result;
}

// The lowest offset that no placed, overlapping buffer covers.
std::int64_t lowest_gap(const Plan& plan, const std::vector<Lifetime>& lives,
                        const std::vector<std::size_t>& placed, std::size_t buffer) {
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;
  for (std::size_t other : placed) {
    if (lives[other].overlaps(lives[buffer]))
      taken.emplace_back(plan.buffers[other].offset, plan.buffers[other].offset + plan.buffers[other].bytes);
  }
  std::sort(taken.begin(), taken.end());
  std::int64_t offset = 0;
  for (auto [begin, end] : taken) {
    if (offset + plan.buffers[buffer].bytes <= begin) break;
    offset = std::max(offset, end);
  }
  return offset;
}

}  // namespace

void plan_memory(Plan& plan) {
  const std::vector<Lifetime> lives = lifetimes(plan);
  std::vector<std::size_t> order, placed;
  plan.arena_bytes = plan.private_bytes = plan.persistent_bytes = 0;
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    Buffer& buffer = plan.buffers[i];
    if (buffer.storage == Storage::kArena && lives[i].used()) order.push_back(i);
    if (buffer.storage == Storage::kPersistent) plan.persistent_bytes += buffer.bytes;
    if (buffer.storage == Storage::kPrivate) {
      buffer.offset = plan.private_bytes;
      plan.private_bytes += buffer.bytes;
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return plan.buffers[a].bytes > plan.buffers[b].bytes;
  });
  for (std::size_t i : order) {
    plan.buffers[i].offset = lowest_gap(plan, lives, placed, i);
    plan.arena_bytes = std::max(plan.arena_bytes, plan.buffers[i].offset + plan.buffers[i].bytes);
    placed.push_back(i);
  }
}

}  // namespace netc::kernel

#include "compiler/kernel/bands.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/kernel/accesses.h"
#include "compiler/kernel/schedule.h"

namespace netc::kernel {

namespace {

constexpr std::int64_t kMostParts = 16;
constexpr std::int64_t kLine = 64;

class BandFinder {
 public:
  BandFinder(Plan& plan, const Target& target) : plan_(plan), target_(target) {}

  void run() {
    for (std::size_t i = 0; i < plan_.kernels.size(); ++i) {
      if (i == plan_.check_before || !joins(i)) close(i);
      if (first_ == i && !(samples_of(i) > 1 && can_divide(i))) first_ = i + 1;
      if (first_ <= i) note_writes(i);
    }
    close(plan_.kernels.size());
  }

 private:
  std::int64_t samples_of(std::size_t i) const { return plan_.kernels[i].samples(); }

  // Can the tiles be divided into parts?
  bool can_divide(std::size_t i) const {
    const Kernel& kernel = plan_.kernels[i];
    const std::int64_t parts = parts_of_batch(kernel.samples());
    const auto* contract = std::get_if<ContractKernel>(&kernel.form);
    if (parts == 1 || (contract && !contract->positions)) return false;
    const bool writes_parts = std::ranges::all_of(
        kernel.accesses, [](const Access& access) { return access.by_sample || !access.write; });
    if (std::holds_alternative<RowsKernel>(kernel.form)) return writes_parts;
    // Random numbers are made by the tile, also where the last one is not full.
    const bool whole =
        !std::holds_alternative<RandomKernel>(kernel.form) || kernel.rows * kernel.columns % 64 == 0;
    const std::int64_t extent = parallel_extent(kernel);
    return whole && writes_parts && extent % kernel.tiles == 0 && kernel.tiles % parts == 0;
  }

  bool joins(std::size_t i) const {
    if (!can_divide(i) || parts_of_batch(samples_of(i)) != parts_of_batch(samples_of(first_))) return false;
    return std::ranges::all_of(plan_.kernels[i].accesses, [&](const Access& access) {
      return access.by_sample || !written_.contains(access.buffer);
    });
  }

  void note_writes(std::size_t i) {
    for (const Access& access : plan_.kernels[i].accesses) {
      if (access.write) written_.insert(access.buffer);
    }
  }

  // The band ends before kernel `end`, where the next may begin.
  void close(std::size_t end) {
    if (end > first_ + 1 && is_worthwhile(end)) {
      for (std::size_t i = first_; i < end; ++i) divide(plan_.kernels[i]);
      plan_.kernels[first_].band = end - first_;
      for (BufferId id : written_) {
        if (is_local(id, end)) make_local(plan_.buffers[index(id)], plan_.kernels[first_].parts);
      }
    }
    first_ = end;
    written_.clear();
  }

  // Is more handed on than the cache holds anyway?
  bool is_worthwhile(std::size_t end) const {
    std::set<BufferId> read;
    std::int64_t bytes = 0;
    for (std::size_t i = first_; i < end; ++i) {
      for (const Access& access : plan_.kernels[i].accesses) {
        const bool handed_on = !access.write && written_.contains(access.buffer);
        if (handed_on && read.insert(access.buffer).second) bytes += plan_.buffer(access.buffer).bytes;
      }
    }
    return bytes > target_.cache_bytes / 2;
  }

  static void divide(Kernel& kernel) {
    kernel.parts = parts_of_batch(kernel.samples());
    kernel.together = 1;
    if (!std::holds_alternative<RowsKernel>(kernel.form)) return;
    const std::int64_t rows = kernel.rows / kernel.parts;
    std::int64_t tiles = (rows + kRowTile - 1) / kRowTile;
    while (rows % tiles != 0) ++tiles;
    kernel.tiles = tiles * kernel.parts;
  }

  bool is_local(BufferId id, std::size_t end) const {
    const Buffer& buffer = plan_.buffer(id);
    if (buffer.storage != Storage::kArena || !buffer.is_dense()) return false;
    if (std::ranges::any_of(plan_.outputs, [&](const Plan::Output& output) { return output.buffer == id; }))
      return false;
    for (std::size_t i = 0; i < plan_.kernels.size(); ++i) {
      for (const Access& access : plan_.kernels[i].accesses) {
        if (access.buffer == id && (i < first_ || i >= end || !access.by_sample)) return false;
      }
    }
    return true;
  }

  // A line beyond the end may be read.
  static void make_local(Buffer& buffer, std::int64_t parts) {
    buffer.storage = Storage::kPrivate;
    buffer.parts = parts;
    const std::int64_t bytes = buffer.part_bytes();
    buffer.bytes = (bytes + kLine - 1) / kLine * kLine + kLine;
  }

  Plan& plan_;
  const Target& target_;
  std::size_t first_ = 0;       // of the band that is growing
  std::set<BufferId> written_;  // by it
};

}  // namespace

std::int64_t parts_of_batch(std::int64_t batch) {
  std::int64_t parts = std::min(batch, kMostParts);
  while (parts > 1 && batch % parts != 0) --parts;
  return std::max<std::int64_t>(parts, 1);
}

void find_bands(Plan& plan, const Target& target) {
  BandFinder(plan, target).run();
  for (Kernel& kernel : plan.kernels) {
    if (kernel.parts > 1) find_accesses(plan, kernel);
  }
}

}  // namespace netc::kernel

#include "compiler/kernel/k_blocks.h"

#include <algorithm>
#include <cstdlib>

namespace netc::kernel {

namespace {

constexpr std::int64_t kPlaces = 512;    // of a part: the sums are read and written once for so many products
constexpr std::int64_t kFewPlaces = 32;  // in which copies are soon read again
constexpr std::int64_t kUses = 9;        // of each copied vector, which make the copy worth it
constexpr std::int64_t kLeastGroup = 8;  // row tiles that share a copied tile of b

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The rows go through the sums part by part: so many parts.
std::int64_t parts_of_rows(const Kernel& kernel) {
  const Positions::RowAxis first = row_axes(kernel)[0];
  return first.b_stride != 0 ? first.extent : 1;
}

std::int64_t taps(const Kernel& kernel) {
  return kernel.rows / row_axes(kernel).back().extent / parts_of_rows(kernel);
}

// The least of all strides, where it divides the others; else 0.
std::int64_t common_stride(const std::vector<std::int64_t>& strides) {
  std::int64_t least = 0;
  for (std::int64_t stride : strides) {
    if (stride != 0 && (least == 0 || std::abs(stride) < least)) least = std::abs(stride);
  }
  const bool divides =
      least > 0 && std::ranges::all_of(strides, [&](std::int64_t stride) { return stride % least == 0; });
  return divides ? least : 0;
}

// Tiles read neighbours of a's rows and b's columns, and all other strides lead from place to place.
std::optional<Panels> find_panels(const Plan& plan, const Kernel& kernel) {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  const std::vector<Positions::RowAxis> rows = row_axes(kernel);
  const Buffer &a = plan.buffer(contract.a), &b = plan.buffer(contract.b);
  const bool neighbours = rows.back().a_stride == 1 && rows.back().step == 1 &&
                          contract.b_block_stride == kLanes && a.storage == Storage::kArena &&
                          b.storage == Storage::kArena && contract.k >= kFewPlaces;
  if (!neighbours || (contract.positions && contract.positions->by_channel)) return std::nullopt;
  std::vector<std::int64_t> of_a, of_b;
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    of_a.push_back(rows[i].a_stride);
    of_b.push_back(rows[i].b_stride);
  }
  for (const Positions::KAxis& k : k_axes(contract)) {
    if (k.a_stride <= 0 || k.b_stride <= 0 || k.cuts_tiles(rows.size())) return std::nullopt;
    of_a.push_back(k.a_stride);
    of_b.push_back(k.b_stride);
  }
  if (contract.positions) {
    of_a.push_back(contract.positions->phases[0].a_offset);
    of_b.push_back(contract.positions->phases[0].b_offset);
  }
  const Panels panels{{}, common_stride(of_a), common_stride(of_b)};
  const std::int64_t uses_of_a = taps(kernel) * column_tiles(kernel),
                     uses_of_b = taps(kernel) * tiles_of_last_axis(kernel);
  const bool pays = uses_of_a >= kUses && uses_of_b >= kUses;
  return pays && panels.a_place > 0 && panels.b_place > 0 ? std::optional(panels) : std::nullopt;
}

// Of a part at the most.
std::int64_t places(const Reach& reach, const ContractKernel& contract) {
  std::int64_t count = 1 + reach.most - reach.least + (contract.k_blocks->size - 1) * reach.ks.back();
  return std::min(count, reach.outer != 0 ? reach.outer : reach.all);
}

}  // namespace

Reach reach(const Plan& plan, const Kernel& kernel, Side side) {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  const Panels& panels = *contract.k_blocks->panels;
  const bool is_a = side == Side::kA;
  const std::int64_t place = is_a ? panels.a_place : panels.b_place;
  auto stride = [&](const auto& axis) { return is_a ? axis.a_stride : axis.b_stride; };
  Reach result;
  result.all = contract.k;
  if (contract.positions) {
    const Positions::Phase& phase = contract.positions->phases[0];
    result.least = result.most = (is_a ? phase.a_offset : phase.b_offset) / place;
    result.all = graph::element_count(plan.buffer(is_a ? contract.a : contract.b).extents) / place;
  }
  auto add = [&](std::int64_t extent, std::int64_t by) {
    (by < 0 ? result.least : result.most) += (extent - 1) * by / place;
  };
  const std::vector<Positions::KAxis> ks = k_axes(contract);
  for (std::size_t i = 0; i < ks.size(); ++i) {
    if (i <= contract.k_blocks->axis) {
      result.ks.push_back(stride(ks[i]) / place);
    } else {
      add(ks[i].extent, stride(ks[i]));
    }
  }
  const std::vector<Positions::RowAxis> rows = row_axes(kernel);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    if (i == 0 && rows[0].b_stride != 0) {
      result.outer = stride(rows[0]) / place;
    } else {
      add(rows[i].extent, stride(rows[i]));
    }
  }
  return result;
}

// Without copies both operands stay in the second-level cache; of copies, which are read in order, a few
// times as many do as well.
std::int64_t KBlocker::most_places(const Kernel& kernel, const std::optional<Panels>& panels) const {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  const std::int64_t room = target_.cache_bytes / 2, products = contract.k;
  std::int64_t most = products;
  if (panels) {
    most = std::min(most, kPlaces);
    if (contract.positions) {
      const std::int64_t each = tiles_of_last_axis(kernel) * contract.row_tile * 4;
      most = std::min(most, std::max(4 * room / each, kFewPlaces));
    }
  } else {
    std::int64_t operands =
        (plan_.buffer(contract.a).bytes + plan_.buffer(contract.b).bytes) / parts_of_rows(kernel);
    const bool by_channel = contract.positions && contract.positions->by_channel;
    if (by_channel) operands = operands * contract.block_tile / blocks_of(kernel.columns);
    if (operands > room && products > kernel.rows / parts_of_rows(kernel))
      most = std::max<std::int64_t>(room * products / operands, 1);
    if (by_channel && most < products) most = std::min(most, kPlaces);
  }
  const std::int64_t wish = wished(overrides_, kernel, "k_block", most);
  return wish > 0 ? wish : products;
}

void KBlocker::block(Kernel& kernel) {
  auto* contract = std::get_if<ContractKernel>(&kernel.form);
  if (!contract || contract->dots || (contract->positions && contract->positions->phases.size() > 1)) return;
  const std::vector<Positions::KAxis> ks = k_axes(*contract);
  const std::optional<Panels> panels = find_panels(plan_, kernel);
  if (!panels && !contract->positions) return;
  const std::int64_t most = most_places(kernel, panels);
  std::size_t axis = 0;
  std::int64_t behind = contract->k / ks[0].extent;
  while (axis + 1 < ks.size() && behind > most) behind /= ks[++axis].extent;
  // Where a border cuts tiles, k is in the code one by one.
  for (std::size_t i = 0; i <= axis; ++i) {
    if (ks[i].cuts_tiles(row_axes(kernel).size())) return;
  }
  std::int64_t size = std::clamp<std::int64_t>(most / behind, 1, ks[axis].extent);
  size = divide_up(ks[axis].extent, divide_up(ks[axis].extent, size));
  const bool in_parts = axis > 0 || size < ks[axis].extent;
  if (!panels && !in_parts) return;
  contract->k_blocks = KBlocks{axis, size, {}, panels};
  if (in_parts) {
    contract->k_blocks->sums = sums_of(kernel);
    contract->defers = false;
    contract->fetches_result = false;
  }
  choose_group(kernel, size * behind);
  if (panels) place_panels(kernel);
}

// Where places are in common, all row tiles that share copies of them: no other group would do. Else as many
// as the second-level cache holds the copies of; without copies those whose sums it holds.
void KBlocker::choose_group(Kernel& kernel, std::int64_t places) const {
  auto& contract = std::get<ContractKernel>(kernel.form);
  const std::int64_t tiles = row_tiles(kernel), room = target_.cache_bytes / 2;
  if (contract.k_blocks->panels && contract.positions) {
    contract.row_group = row_tiles(kernel) / parts_of_rows(kernel);
    return;
  }
  std::int64_t group = room / 2 * tiles / (kernel.rows * blocks_of(kernel.columns) * kLanes * 4);
  if (contract.k_blocks->panels) {
    group = std::max(kLeastGroup, target_.cache_bytes / (contract.row_tile * 4 * places));
    group = divide_up(tiles, divide_up(tiles, group));
  }
  contract.row_group = std::clamp<std::int64_t>(wished(overrides_, kernel, "row_group", group), 1, tiles);
}

BufferId KBlocker::sums_of(const Kernel& kernel) {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  const std::int64_t columns = blocks_of(kernel.columns) * kLanes;
  Buffer sums;
  sums.name = plan_.buffer(contract.b).name + ".sums";
  sums.extents = {kernel.rows, columns};
  sums.rows = kernel.rows;
  sums.columns = columns;
  sums.layout = {1, kLanes, kernel.rows * kLanes};
  sums.bytes = kernel.rows * columns * 4;
  plan_.buffers.push_back(std::move(sums));
  return static_cast<BufferId>(plan_.buffers.size() - 1);
}

// All kernels' panels lie in one place: a kernel leaves nothing there that another reads.
void KBlocker::place_panels(Kernel& kernel) {
  auto& contract = std::get<ContractKernel>(kernel.form);
  Panels& panels = *contract.k_blocks->panels;
  if (!memory_) {
    Buffer memory;
    memory.name = "panels";
    memory.storage = Storage::kPrivate;
    plan_.buffers.push_back(std::move(memory));
    memory_ = static_cast<BufferId>(plan_.buffers.size() - 1);
  }
  panels.memory = *memory_;
  panels.a_places = places(reach(plan_, kernel, Side::kA), contract);
  const std::int64_t tiles = contract.positions ? tiles_of_last_axis(kernel) : contract.row_group;
  panels.b_offset = blocks_of(tiles * (panels.a_places * contract.row_tile + kLanes)) * kLanes;
  const std::int64_t b_elements =
      places(reach(plan_, kernel, Side::kB), contract) * contract.block_tile * kLanes;
  Buffer& memory = plan_.buffers[index(*memory_)];
  memory.columns = std::max(memory.columns, panels.b_offset + b_elements);
  memory.extents = {memory.columns};
  memory.bytes = memory.columns * 4;
}

}  // namespace netc::kernel

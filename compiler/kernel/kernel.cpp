#include "compiler/kernel/kernel.h"

#include <algorithm>

namespace netc::kernel {

void locate(Plan& plan, const Sources& sources) {
  for (Kernel& kernel : plan.kernels) {
    if (kernel.spans.empty()) continue;
    kernel.file = sources.name(kernel.spans[0].source);
    kernel.line = sources.position(kernel.spans[0].source, kernel.spans[0].begin).line;
  }
}

namespace {

// Nodes of a scalar pool: an addition of a bias and relu are five.
constexpr std::size_t kShortEpilogue = 12;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

bool Positions::Phase::cuts_tiles(std::size_t row_axes) const {
  return std::ranges::any_of(ks, [&](const KAxis& axis) { return axis.cuts_tiles(row_axes); });
}

std::int64_t Positions::Phase::products() const {
  std::int64_t count = 1;
  for (const KAxis& axis : ks) count *= axis.extent;
  return count;
}

std::vector<Positions::RowAxis> row_axes(const Kernel& kernel) {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  if (contract.positions) return contract.positions->rows;
  return {{kernel.rows, contract.a_row_stride}};
}

std::vector<Positions::KAxis> k_axes(const ContractKernel& contract) {
  if (contract.positions) return contract.positions->phases[0].ks;
  return {{contract.k, contract.a_k_stride, contract.b_k_stride}};
}

std::int64_t row_tiles(const Kernel& kernel) {
  if (kernel.parallel == Axis::kRows) return kernel.tiles;
  const auto& contract = std::get<ContractKernel>(kernel.form);
  if (const auto& positions = contract.positions)
    return kernel.rows / positions->rows.back().extent * positions->pieces;
  return divide_up(kernel.rows, contract.row_tile);
}

std::int64_t tiles_of_last_axis(const Kernel& kernel) {
  const auto& contract = std::get<ContractKernel>(kernel.form);
  if (!contract.positions) return row_tiles(kernel);
  const std::int64_t pieces = contract.positions->pieces;
  return pieces * divide_up(contract.positions->rows.back().places(0) / pieces, contract.row_tile);
}

std::int64_t column_tiles(const Kernel& kernel) {
  return kernel.parallel == Axis::kColumns
             ? kernel.tiles
             : divide_up(blocks_of(kernel.columns), std::get<ContractKernel>(kernel.form).block_tile);
}

bool has_long_epilogue(const Kernel& kernel) { return kernel.body.pool.size() > kShortEpilogue; }

std::int64_t parallel_extent(const Kernel& kernel) {
  if (std::holds_alternative<RandomKernel>(kernel.form)) return (kernel.rows * kernel.columns + 63) / 64;
  return kernel.parallel == Axis::kRows ? kernel.rows : blocks_of(kernel.columns);
}

std::pair<std::int64_t, std::int64_t> tile_range(std::int64_t extent, std::int64_t tiles, std::int64_t tile) {
  const std::int64_t q = extent / tiles, a = extent % tiles;
  auto begin = [&](std::int64_t t) { return t * q + std::min(t, a); };
  return {begin(tile), begin(tile + 1)};
}

}  // namespace netc::kernel

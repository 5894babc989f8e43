#include "compiler/kernel/schedule.h"

#include <algorithm>

#include "compiler/support/overloaded.h"

namespace netc::kernel {

namespace {

constexpr std::int64_t kMostRows = 16;    // more rows gain nothing and cost code
constexpr std::int64_t kWantedSums = 8;   // accumulators that hide the latency of a multiply-add on two units
constexpr std::int64_t kEnoughTiles = 4;  // column tiles from which on columns are shared out

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Do the accumulators, one row of b and a broadcast fit the registers?
bool fits(std::int64_t rows, std::int64_t blocks, const Target& target) {
  const std::int64_t each = target.registers_a_vector();
  return rows * blocks * each + blocks * each + 1 <= target.vector_registers;
}

std::int64_t most_rows(std::int64_t blocks, const Target& target) {
  std::int64_t rows = 1;
  while (rows < kMostRows && fits(rows + 1, blocks, target)) ++rows;
  return rows;
}

// Few rows: the smallest number of vectors that divides the columns and keeps enough sums going.
std::int64_t choose_blocks(std::int64_t rows, std::int64_t blocks, const Target& target) {
  std::int64_t best = 1;
  for (std::int64_t candidate = 1; candidate <= blocks && rows * best < kWantedSums; ++candidate) {
    if (blocks % candidate == 0 && fits(rows, candidate, target)) best = candidate;
  }
  return best;
}

void schedule_contract(Kernel& kernel, ContractKernel& contract, const Target& target) {
  const std::int64_t blocks = blocks_of(kernel.columns);
  contract.block_tile = kernel.rows < kWantedSums ? choose_blocks(kernel.rows, blocks, target) : 1;
  const std::int64_t column_tiles = blocks / contract.block_tile;
  std::int64_t rows = most_rows(contract.block_tile, target);
  const std::int64_t row_tiles_if_shared = divide_up(kernel.rows, std::min(rows, kRowTile));
  if (column_tiles >= kEnoughTiles || column_tiles >= row_tiles_if_shared) {
    kernel.parallel = Axis::kColumns;
    kernel.tiles = column_tiles;
    contract.row_tile = divide_up(kernel.rows, divide_up(kernel.rows, rows));
    return;
  }
  kernel.parallel = Axis::kRows;
  kernel.tiles = divide_up(kernel.rows, kRowTile);
  contract.row_tile = divide_up(kernel.rows, kernel.tiles);
  if (contract.row_tile > rows) {
    kernel.tiles = row_tiles_if_shared;
    contract.row_tile = divide_up(kernel.rows, kernel.tiles);
  }
}

void schedule_rows(Kernel& kernel) {
  auto along_row = [](const Statement& statement) { return statement.extent == Statement::Extent::kRow; };
  const bool free = std::none_of(kernel.body.statements.begin(), kernel.body.statements.end(), along_row);
  if (kernel.rows == 1 && free) {
    kernel.parallel = Axis::kColumns;
    kernel.tiles = blocks_of(kernel.columns);
  } else {
    kernel.parallel = Axis::kRows;
    kernel.tiles = divide_up(kernel.rows, kRowTile);
  }
}

void share_columns(Kernel& kernel) {
  kernel.parallel = Axis::kColumns;
  kernel.tiles = blocks_of(kernel.columns);
}

}  // namespace

void schedule(Kernel& kernel, const Target& target) {
  std::visit(
      overloaded{[&](ContractKernel& contract) { schedule_contract(kernel, contract, target); },
                 [&](RowsKernel&) { schedule_rows(kernel); }, [&](ColumnsKernel&) { share_columns(kernel); },
                 [&](RandomKernel&) { kernel.tiles = divide_up(kernel.rows * kernel.columns, 64); },
                 [&](RelayoutKernel&) { share_columns(kernel); }, [&](UniformsKernel&) { kernel.tiles = 1; }},
      kernel.form);
}

}  // namespace netc::kernel

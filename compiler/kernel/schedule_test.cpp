// Tiles: balanced, within the registers, and a pure function of shapes and target.

#include "compiler/kernel/schedule.h"

#include <gtest/gtest.h>

namespace netc::kernel {
namespace {

const Target kAvx512{"x86-64-v4", "", 32, 16}, kAvx2{"x86-64-v3", "", 16, 8}, kSse{"x86-64", "", 16, 4};

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Kernel contraction(std::int64_t rows, std::int64_t columns, const Target& target) {
  Kernel kernel;
  kernel.form = ContractKernel{};
  kernel.rows = rows;
  kernel.columns = columns;
  schedule(kernel, target);
  return kernel;
}

TEST(Schedule, AccumulatorsARowOfBAndABroadcastFitTheRegisters) {
  for (const Target& target : {kAvx512, kAvx2, kSse}) {
    for (std::int64_t rows = 1; rows <= 70; ++rows) {
      for (std::int64_t columns : {1, 10, 16, 17, 48, 100, 128, 512, 784, 2048}) {
        const Kernel kernel = contraction(rows, columns, target);
        const auto form = std::get<ContractKernel>(kernel.form);
        const std::int64_t each = 16 / target.floats_a_register;
        EXPECT_LE((form.row_tile * form.block_tile + form.block_tile) * each + 1, target.vector_registers)
            << target.cpu << ": " << rows << " x " << columns;
        EXPECT_GE(form.row_tile, 1);
        EXPECT_LE(divide_up(blocks_of(columns), column_tiles(kernel)), form.block_tile)
            << target.cpu << ": " << rows << " x " << columns;
      }
    }
  }
}

// Every row and column belongs to one tile, and tiles differ by one unit at most.
TEST(Schedule, TilesAreBalancedAndCoverAll) {
  for (std::int64_t extent = 1; extent <= 200; ++extent) {
    for (std::int64_t tiles = 1; tiles <= extent; ++tiles) {
      std::int64_t next = 0;
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const auto [begin, end] = tile_range(extent, tiles, tile);
        EXPECT_EQ(begin, next);
        EXPECT_TRUE(end - begin == extent / tiles || end - begin == extent / tiles + 1);
        next = end;
      }
      EXPECT_EQ(next, extent);
    }
  }
}

TEST(Schedule, TilesOfContractionsAreNeverHigherThanTheRegisterTile) {
  for (const Target& target : {kAvx512, kAvx2, kSse}) {
    for (std::int64_t rows = 1; rows <= 130; ++rows) {
      for (std::int64_t columns : {1, 16, 33, 64, 128, 1000}) {
        const Kernel kernel = contraction(rows, columns, target);
        const auto form = std::get<ContractKernel>(kernel.form);
        const std::int64_t tiles =
            kernel.parallel == Axis::kRows ? kernel.tiles : (rows + form.row_tile - 1) / form.row_tile;
        EXPECT_LE((rows + tiles - 1) / tiles, form.row_tile)
            << target.cpu << ": " << rows << " x " << columns;
        EXPECT_LE(kernel.tiles, parallel_extent(kernel)) << target.cpu << ": " << rows << " x " << columns;
      }
    }
  }
}

// kernels.md: 17 = 9 + 8.
TEST(Schedule, SeventeenRowsAreNineAndEight) {
  const auto form = std::get<ContractKernel>(contraction(17, 128, kAvx512).form);
  EXPECT_EQ(form.row_tile, 9);
}

TEST(Schedule, AFewRowsTakeMoreVectors) {
  const Kernel kernel = contraction(2, 128, kAvx512);
  const auto form = std::get<ContractKernel>(kernel.form);
  EXPECT_GE(form.row_tile * form.block_tile, 8);
}

TEST(Schedule, WishesAreTakenAsFarAsRegistersReach) {
  Kernel kernel;
  kernel.name = "dense_1.weight.forward";
  kernel.form = ContractKernel{};
  kernel.rows = 100;
  kernel.columns = 512;
  const auto& form = std::get<ContractKernel>(kernel.form);
  schedule(kernel, kAvx512, {{"dense_1", "row_tile", 4}, {"", "block_tile", 4}, {"dense_2", "row_tile", 2}});
  EXPECT_EQ(form.row_tile, 4);
  EXPECT_EQ(form.block_tile, 4);
  schedule(kernel, kAvx512, {{"", "row_tile", 99}, {"", "block_tile", 2}});
  EXPECT_LE(form.row_tile * 2 + 3, kAvx512.vector_registers);
  EXPECT_EQ(form.block_tile, 2);
}

// A group of rows stays in the cache while all columns pass; short ones are one group.
TEST(Schedule, ManyLongRowsGoInGroups) {
  Kernel kernel;
  kernel.form = ContractKernel{.k = 2048};
  kernel.rows = 512;
  kernel.columns = 2048;
  schedule(kernel, kAvx512);
  const auto& form = std::get<ContractKernel>(kernel.form);
  EXPECT_LT(form.row_group, row_tiles(kernel));
  kernel.form = ContractKernel{.k = 64};
  schedule(kernel, kAvx512);
  EXPECT_EQ(std::get<ContractKernel>(kernel.form).row_group, row_tiles(kernel));
}

// With half as many registers fewer rows share what comes from the second-level cache.
TEST(Schedule, LongDotProductsGoInPartsWhereRegistersAreFew) {
  Kernel kernel;
  kernel.rows = 512;
  kernel.columns = 10;
  auto k_at_once = [&](const Target& target) {
    kernel.form = ContractKernel{.k = 2048, .dots = Dots{}};
    schedule(kernel, target);
    return std::get<ContractKernel>(kernel.form).dots->blocks_at_once * kLanes;
  };
  EXPECT_EQ(k_at_once(kAvx512), 2048);
  EXPECT_EQ(k_at_once(kAvx2), 352);  // a sixth, in whole blocks
  kernel.rows = 1;
  EXPECT_EQ(k_at_once(kAvx2), 2048);
}

// With few products an element, memory is busy all the time as it is.
TEST(Schedule, LargeResultsAreFetchedBeforeTheyAreWritten) {
  Kernel kernel;
  kernel.rows = kernel.columns = 2048;
  auto fetches = [&](std::int64_t k) {
    kernel.form = ContractKernel{.k = k};
    schedule(kernel, kAvx2);
    return std::get<ContractKernel>(kernel.form).fetches_result;
  };
  EXPECT_TRUE(fetches(32));
  EXPECT_FALSE(fetches(1));
  kernel.rows = 64;
  EXPECT_FALSE(fetches(32));
}

TEST(Schedule, RandomNumbersGoInGroupsOf64) {
  Kernel kernel;
  kernel.form = RandomKernel{};
  kernel.rows = 5;
  kernel.columns = 13;
  schedule(kernel, kAvx512);
  EXPECT_EQ(kernel.tiles, 2);
  EXPECT_EQ(parallel_extent(kernel), 2);
}

}  // namespace
}  // namespace netc::kernel

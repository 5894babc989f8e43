#include "compiler/kernel/schedule.h"

#include <algorithm>

#include "compiler/support/overloaded.h"

namespace netc::kernel {

namespace {

constexpr std::int64_t kMostRows = 16;   // more rows gain nothing and cost code
constexpr std::int64_t kWantedSums = 8;  // accumulators that hide the latency of a multiply-add on two units
constexpr std::int64_t kUnroll = 4;      // products of a sum that stand in a loop
constexpr std::int64_t kStatementRegisters = 10;  // of an optimizer
constexpr std::int64_t kShortSum = 256;   // beside which an optimizer takes a part of the time that counts
constexpr std::int64_t kLine = 64;        // bytes of a cache line
constexpr std::int64_t kEnoughTiles = 4;  // column tiles from which on columns are shared out
constexpr std::int64_t kLeastGroup = 8;
constexpr std::int64_t kLongWindow = 64;         // points
constexpr std::int64_t kShared = 16;             // units of work that threads can share out
constexpr std::int64_t kFirstLevel = 32 * 1024;  // bytes of the smallest first-level cache
constexpr std::int64_t kNonzeroTile =
    4;  // rows share vectors of b, and few zeros of other rows are taken along

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Do the accumulators and two rows of b fit the registers? LLVM loads the next row early, and would rather
// spill a sum than not do so; a is broadcast from memory.
bool fits(std::int64_t rows, std::int64_t blocks, const Target& target) {
  return (rows + 2) * blocks * target.registers_a_vector() <= target.vector_registers;
}

std::int64_t most_rows(std::int64_t blocks, const Target& target) {
  std::int64_t rows = 1;
  while (rows < kMostRows && fits(rows + 1, blocks, target)) ++rows;
  return rows;
}

// Few rows: as many vectors as keep enough sums going.
std::int64_t choose_blocks(std::int64_t rows, std::int64_t blocks, const Target& target) {
  std::int64_t best = 1;
  while (best < blocks && rows * best < kWantedSums && fits(rows, best + 1, target)) ++best;
  return best;
}

// A contraction's schedule, choice by choice.
class ContractScheduler {
 public:
  ContractScheduler(Kernel& kernel, ContractKernel& contract, const Target& target,
                    const ScheduleOverrides& overrides)
      : kernel_(kernel),
        contract_(contract),
        target_(target),
        overrides_(overrides),
        blocks_(blocks_of(kernel.columns)) {}

  void run() {
    if (contract_.dots) {
      choose_dots(*contract_.dots);
      return;
    }
    if (contract_.positions) {
      choose_positions(*contract_.positions);
      contract_.unroll = wish("unroll", products_together(*contract_.positions), 1, 16);
      return;
    }
    choose_tile();
    contract_.unroll = wish("unroll", has_long_epilogue(kernel_) ? kUnroll / 2 : kUnroll, 1, 16);
    contract_.row_group = wish("row_group", group_that_fits(), 1, row_tiles(kernel_));
    contract_.fetches_next =
        contract_.row_group > 1 && contract_.k * blocks_ * kLanes * 4 > target_.cache_bytes;
    contract_.fetches_result = gains_by_fetching_result();
    if (contract_.nonzeros) choose_nonzero_tile(*contract_.nonzeros);
  }

 private:
  std::int64_t wish(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const {
    return std::clamp(wished(overrides_, kernel_, key, otherwise), least, most);
  }

  // Vectors a row of a tile. With two or more, an element of a is loaded once for several products: on
  // processors with two loads and two products a cycle, one column of vectors reaches three quarters of the
  // peak.
  // An odd number of them makes one tile of three.
  std::int64_t widest(std::int64_t rows) const {
    if (rows < kWantedSums) return choose_blocks(rows, blocks_, target_);
    if (target_.registers_a_vector() > 1) return 1;
    return std::min<std::int64_t>(blocks_, 2 + blocks_ % 2);
  }

  // With many registers, one tile's statements stand between the products of the next, so that the unit that
  // divides works beside those that multiply. Of long sums they are a small part, and wider tiles load less.
  bool gains_by_deferring() const {
    const bool room =
        (kMostRows + kStatementRegisters) * target_.registers_a_vector() <= target_.vector_registers;
    return has_long_epilogue(kernel_) && room && kernel_.rows >= kWantedSums && contract_.k >= kMostRows &&
           contract_.k <= kShortSum;
  }

  // Where memory answers while products are summed up. With few products, or several arrays in an optimizer's
  // statements, memory is busy all the time, and more requests only get in its way.
  bool gains_by_fetching_result() const {
    return !has_long_epilogue(kernel_) && contract_.k >= kMostRows &&
           kernel_.rows * blocks_ * kLanes * 4 > target_.cache_bytes;
  }

  void choose_tile() {
    const bool may_defer = gains_by_deferring() && wish("block_tile", 1, 1, blocks_) == 1;
    contract_.defers = may_defer && wish("defers", 1, 0, 1) == 1;
    const std::int64_t wide = contract_.defers ? 1 : wish("block_tile", widest(kernel_.rows), 1, blocks_);
    share_out(wish("row_tile", most_rows(wide, target_), 1, most_rows(wide, target_)), wide);
  }

  // Of a channel's operands nothing is shared by other channels: where they come from afar, a single column
  // of vectors goes through as little of them at a time as possible.
  std::int64_t widest_by_channel(std::int64_t rows) const {
    if (contract_.k * blocks_ * kLanes * 4 > target_.cache_bytes) return 1;
    const std::int64_t wide = choose_blocks(rows, blocks_, target_);
    return wide == 3 && wide < blocks_ && fits(rows, 4, target_) ? 4 : wide;
  }

  // A tile lies along the last row axis. Threads share out the other row axes, with equal pieces of the last
  // one where they are few; else the columns.
  void choose_positions(Positions& positions) {
    const std::int64_t last = positions.rows.back().places(0);
    const std::int64_t others = kernel_.rows / positions.rows.back().extent;
    const std::int64_t best = positions.by_channel ? widest_by_channel(last) : widest(last);
    const std::int64_t wide = wish("block_tile", best, 1, blocks_);
    const std::int64_t high = wish("row_tile", most_places(positions, wide), 1, most_rows(wide, target_));
    const std::int64_t columns = wide == 3 ? blocks_ / 2 : divide_up(blocks_, wide);
    contract_.row_tile = divide_up(last, divide_up(last, high));
    contract_.block_tile = divide_up(blocks_, columns);
    const bool in_pieces =
        positions.phases.size() == 1 && !positions.phases[0].cuts_tiles(positions.rows.size());
    if (others < kShared && in_pieces) {
      const std::int64_t even = even_height(last, high, wide);
      if (even > 0) contract_.row_tile = even;
      positions.pieces = even > 0 ? last / even : 1;
    }
    const std::int64_t units = others * positions.pieces;
    const bool by_rows = units >= kShared || units >= columns;
    kernel_.parallel = by_rows ? Axis::kRows : Axis::kColumns;
    kernel_.tiles = by_rows ? units : columns;
    contract_.row_group = std::clamp<std::int64_t>(units_at_a_time(units), 1, units);
    contract_.row_group = wish("row_group", contract_.row_group, 1, units);
  }

  // Neighbouring places meet the same elements of a at neighbouring k. Where these stand side by side in the
  // code, LLVM keeps the elements in registers. Is there room for so many of them beside the sums?
  bool has_room(std::int64_t rows, std::int64_t wide, std::int64_t kept) const {
    return (rows * wide + kept + wide) * target_.registers_a_vector() <= target_.vector_registers;
  }

  // Taps stand in the code where a border cuts tiles.
  std::int64_t most_places(const Positions& positions, std::int64_t wide) const {
    std::int64_t rows = most_rows(wide, target_);
    for (const Positions::Phase& phase : positions.phases) {
      const Positions::KAxis& taps = phase.ks.back();
      const bool meet_again = taps.a_stride != 0 && positions.rows.back().a_stride % taps.a_stride == 0;
      if (!taps.cuts_tiles(positions.rows.size()) || !meet_again || positions.by_channel) continue;
      while (rows * wide > kWantedSums && !has_room(rows, wide, rows + taps.extent)) --rows;
    }
    return rows;
  }

  std::int64_t products_together(const Positions& positions) const {
    std::int64_t together = kUnroll;
    const std::int64_t place = positions.rows.back().a_stride;
    for (const Positions::Phase& phase : positions.phases) {
      const Positions::KAxis& last = phase.ks.back();
      if (positions.by_channel || last.a_stride <= 0 || place % last.a_stride != 0) continue;
      const std::int64_t apart = std::max<std::int64_t>(place / last.a_stride, 1);
      const bool behind_taps =
          phase.ks.size() > 1 && phase.ks[phase.ks.size() - 2].cuts_tiles(positions.rows.size());
      if (apart >= 2 * kUnroll) continue;
      if (has_room(contract_.row_tile, contract_.block_tile, contract_.row_tile + kUnroll)) continue;
      together = std::min(together, behind_taps ? 1 : apart);
    }
    return together;
  }

  // The largest that divides the axis and keeps enough sums going; 0: none.
  static std::int64_t even_height(std::int64_t last, std::int64_t high, std::int64_t wide) {
    for (std::int64_t height = std::min(last, high); height * wide >= kWantedSums; --height) {
      if (last % height == 0) return height;
    }
    return 0;
  }

  // All columns of a unit one after the other where b comes from the second-level cache; else as many units
  // as that holds the places of.
  std::int64_t units_at_a_time(std::int64_t units) const {
    const Positions& positions = *contract_.positions;
    if (contract_.k * blocks_ * kLanes * 4 <= target_.cache_bytes / 2 || positions.by_channel) return 1;
    std::int64_t bytes = 4;
    for (const Positions::RowAxis& axis : positions.rows)
      bytes = std::max(bytes, 4 * axis.places(0) * axis.a_stride);
    return target_.cache_bytes / 2 * units / bytes;
  }

  // Of as many rows and columns at once as take the fewest cycles; of equal choices, the most columns.
  void choose_dots(Dots& dots) {
    std::int64_t best = 0;
    for (std::int64_t parts = 1; parts <= kernel_.columns; ++parts) {
      const std::int64_t columns = divide_up(kernel_.columns, parts);
      if (fits_dots(1, columns) && (best == 0 || cycles_of_dots(columns) < cycles_of_dots(best)))
        best = columns;
    }
    dots.columns_at_once = wish("columns_at_once", best, 1, kernel_.columns);
    dots.rows_at_once = rows_of_dots(dots.columns_at_once);
    const std::int64_t blocks = blocks_of(contract_.k);
    const std::int64_t part = wished(overrides_, kernel_, "k_block", k_at_once(dots));
    dots.blocks_at_once = part > 0 ? std::min(blocks_of(part), blocks) : blocks;
    const bool in_parts = dots.blocks_at_once < blocks;
    const std::int64_t high = in_parts ? kRowTile : dots.rows_at_once;
    share_out(wish("row_tile", high, 1, high), 1);
    contract_.row_group = row_tiles(kernel_);
  }

  bool fits_dots(std::int64_t rows, std::int64_t columns) const {
    return (rows * columns + rows + 1) * target_.registers_a_vector() <= target_.vector_registers;
  }

  std::int64_t rows_of_dots(std::int64_t columns) const {
    std::int64_t rows = 1;
    while (rows < std::min(kRowTile, kernel_.rows) && fits_dots(rows + 1, columns)) ++rows;
    return rows;
  }

  // Each row tile goes through all of b. Where it fills half of the first-level cache, it comes from the
  // second, half a line a cycle.
  double cycles_of_fetching(std::int64_t rows) const {
    return contract_.k * kernel_.columns * 4 > kFirstLevel / 2 ? 2.0 / static_cast<double>(rows) : 0;
  }

  // Of a vector of products: the multiply-add, and loads of both operands, two a cycle.
  double cycles_of_dots(std::int64_t columns) const {
    const auto registers = static_cast<double>(target_.registers_a_vector());
    const auto rows = static_cast<double>(rows_of_dots(columns)), wide = static_cast<double>(columns);
    const double loads = (rows + wide) / (rows * wide) / 2 * registers;
    return std::max({registers / 2, loads, cycles_of_fetching(rows_of_dots(columns))});
  }

  // All, unless fetching b takes as long as the products: then as much as the first-level cache holds of b,
  // while more rows pass.
  std::int64_t k_at_once(const Dots& dots) const {
    const double products = static_cast<double>(target_.registers_a_vector()) / 2;
    if (kernel_.rows <= dots.rows_at_once || cycles_of_fetching(dots.rows_at_once) < products)
      return contract_.k;
    const std::int64_t most = std::max(kFirstLevel / 2 / (kernel_.columns * 4), kLanes);
    return divide_up(contract_.k, divide_up(contract_.k, most));
  }

  // Tiles of at most `high` rows and `wide` vectors, along the parallel axis and across it.
  void share_out(std::int64_t high, std::int64_t wide) {
    const std::int64_t columns = wide == 3 ? blocks_ / 2 : divide_up(blocks_, wide);
    // Full tiles where two threads at least get one, else such as a few threads can share.
    const std::int64_t shared = kernel_.rows >= 2 * high ? high : std::min(high, kRowTile);
    const std::int64_t rows_if_shared = divide_up(kernel_.rows, shared);
    const bool by_columns = columns >= kEnoughTiles || columns >= rows_if_shared;
    kernel_.parallel = by_columns ? Axis::kColumns : Axis::kRows;
    kernel_.tiles = by_columns ? columns : rows_if_shared;
    contract_.row_tile = divide_up(kernel_.rows, by_columns ? divide_up(kernel_.rows, high) : rows_if_shared);
    contract_.block_tile = divide_up(blocks_, columns);
  }

  // As many row tiles as the second-level cache holds; but with fewer than these, b comes by too often.
  // Where b does so with all columns, rows are written one tile after the other.
  std::int64_t group_that_fits() const {
    if (contract_.writes_rows && contract_.k * blocks_ * kLanes * 4 <= target_.cache_bytes / 2) return 1;
    const std::int64_t bytes_a_k =
        contract_.a_row_stride == 1 ? std::max(kLine, contract_.row_tile * 4) : contract_.row_tile * 4;
    return std::max(kLeastGroup, target_.cache_bytes / (bytes_a_k * contract_.k));
  }

  void choose_nonzero_tile(Nonzeros& nonzeros) {
    nonzeros.row_tile = wish("nonzero_row_tile", kNonzeroTile, 1, kernel_.rows);
    nonzeros.block_tile = wish("nonzero_block_tile", kNonzeroTile, 1, blocks_);
    while (!fits(nonzeros.row_tile, nonzeros.block_tile, target_))
      --(nonzeros.row_tile > nonzeros.block_tile ? nonzeros.row_tile : nonzeros.block_tile);
    const std::int64_t percent = wish("nonzeros", -1, -1, 100);
    if (percent >= 0) nonzeros.most = percent * kernel_.rows * contract_.k / 100;
  }

  Kernel& kernel_;
  ContractKernel& contract_;
  const Target& target_;
  const ScheduleOverrides& overrides_;
  const std::int64_t blocks_;
};

// Then a single row is work enough for a thread.
bool has_long_windows(const Kernel& kernel) {
  return std::ranges::any_of(kernel.body.statements, [](const Statement& statement) {
    return statement.window && graph::element_count(statement.window->extents) >= kLongWindow;
  });
}

void schedule_rows(Kernel& kernel) {
  auto along_row = [](const Statement& statement) { return statement.extent == Statement::Extent::kRow; };
  const bool free = std::none_of(kernel.body.statements.begin(), kernel.body.statements.end(), along_row);
  if (kernel.rows == 1 && free) {
    kernel.parallel = Axis::kColumns;
    kernel.tiles = blocks_of(kernel.columns);
  } else {
    kernel.parallel = Axis::kRows;
    kernel.tiles = has_long_windows(kernel) ? kernel.rows : divide_up(kernel.rows, kRowTile);
  }
}

void schedule_nonzero(Kernel& kernel, const NonzeroKernel& form) {
  kernel.parallel = form.counts ? Axis::kRows : Axis::kColumns;
  kernel.tiles = form.counts ? divide_up(kernel.rows, kRowTile) : blocks_of(kernel.columns);
}

bool is_cut_like(const Kernel& a, const Kernel& b) {
  return a.parallel == b.parallel && parallel_extent(a) == parallel_extent(b);
}

void share_columns(Kernel& kernel) {
  kernel.parallel = Axis::kColumns;
  kernel.tiles = blocks_of(kernel.columns);
}

// Of the contractions that are cut like this kernel, the fewest tiles that a few threads can share out; 0:
// there are none.
std::int64_t common_shares(const Plan& plan, const Kernel& kernel) {
  std::int64_t shares = 0;
  for (const Kernel& other : plan.kernels) {
    const bool counts = std::holds_alternative<ContractKernel>(other.form) && other.tiles >= kEnoughTiles &&
                        is_cut_like(other, kernel);
    if (counts && (shares == 0 || other.tiles < shares)) shares = other.tiles;
  }
  return shares;
}

// Kernels over rows can have any tiles; of others, some neighbours stay together.
void share_out(Kernel& kernel, std::int64_t shares) {
  constexpr std::int64_t kTogether = 2;  // at the most: more threads than these few shares want some, too
  const std::int64_t extent = parallel_extent(kernel);
  if (shares == 0 || extent % shares != 0) return;
  if (std::holds_alternative<RowsKernel>(kernel.form) && kernel.parallel == Axis::kRows) {
    if (shares >= std::min(kernel.tiles, kShared)) kernel.tiles = shares;
  } else if (extent % kernel.tiles == 0 && kernel.tiles % shares == 0 && kernel.tiles / shares <= kTogether) {
    kernel.together = kernel.tiles / shares;
  }
}

}  // namespace

std::vector<std::string> schedule_keys() {
  return {"row_tile",         "block_tile",         "row_group",       "unroll",  "nonzeros",
          "nonzero_row_tile", "nonzero_block_tile", "columns_at_once", "k_block", "defers"};
}

std::int64_t wished(const ScheduleOverrides& overrides, const Kernel& kernel, std::string_view key,
                    std::int64_t otherwise) {
  for (const ScheduleOverride& wish : overrides) {
    if (wish.key == key && kernel.name.starts_with(wish.kernel)) otherwise = wish.value;
  }
  return otherwise;
}

void schedule(Kernel& kernel, const Target& target, const ScheduleOverrides& overrides) {
  std::visit(
      overloaded{
          [&](ContractKernel& contract) { ContractScheduler(kernel, contract, target, overrides).run(); },
          [&](RowsKernel&) { schedule_rows(kernel); }, [&](ColumnsKernel&) { share_columns(kernel); },
          [&](RandomKernel&) { kernel.tiles = divide_up(kernel.rows * kernel.columns, 64); },
          [&](RelayoutKernel&) { share_columns(kernel); },
          [&](NonzeroKernel& form) { schedule_nonzero(kernel, form); },
          [&](UniformsKernel&) { kernel.tiles = 1; }},
      kernel.form);
}

void share_alike(Plan& plan) {
  for (Kernel& kernel : plan.kernels) {
    if (!kernel.replicated) share_out(kernel, common_shares(plan, kernel));
  }
}

}  // namespace netc::kernel

#include <algorithm>

#include "compiler/codegen/epilogue.h"
#include "compiler/codegen/forms.h"
#include "compiler/codegen/position_products.h"
#include "compiler/codegen/products.h"
#include "compiler/codegen/sample_fetcher.h"

namespace netc::codegen {

using kernel::ContractKernel;
using llvm::Value;

namespace {

class ContractEmitter {
 public:
  ContractEmitter(Emitter& emitter, const ContractKernel& form)
      : e_(emitter),
        b_(emitter.builder()),
        form_(form),
        kernel_(emitter.kernel()),
        scalars_(emitter),
        epilogue_(emitter, scalars_, form),
        products_(emitter, scalars_, form),
        position_products_(emitter, scalars_, form),
        fetcher_(emitter, form.fetched, emitter.kernel().tiles),
        by_rows_(kernel_.parallel == kernel::Axis::kRows),
        blocks_(kernel::blocks_of(kernel_.columns)),
        row_tiles_(kernel::row_tiles(kernel_)),
        column_tiles_(kernel::column_tiles(kernel_)) {}

  void run() {
    if (form_.k_blocks) {
      blocks_of_k();
    } else if (form_.nonzeros) {
      e_.branch(has_few_nonzeros(), [&] { nonzero_tiles(); }, [&] { all_tiles(); });
    } else {
      all_tiles();
    }
    e_.finish();
  }

 private:
  // Groups of row tiles, whose part of a stays in the cache while all columns pass.
  void all_tiles() {
    Value* first_row = by_rows_ ? e_.begin() : e_.index(0);
    Value* last_row = by_rows_ ? e_.end() : e_.index(row_tiles_);
    if (form_.row_group >= row_tiles_) {
      group(first_row, last_row);
    } else {
      e_.loop(first_row, last_row, form_.row_group, true, [&](Value* first) {
        Value* after = b_.CreateAdd(first, e_.index(form_.row_group));
        group(first, b_.CreateSelect(b_.CreateICmpSLT(after, last_row), after, last_row));
      });
    }
  }

  void group(Value* first_row, Value* last_row) {
    Value* first_column = by_rows_ ? e_.index(0) : e_.begin();
    Value* last_column = by_rows_ ? e_.index(column_tiles_) : e_.end();
    e_.loop(first_column, last_column, 1, true, [&](Value* column) {
      e_.loop(first_row, last_row, 1, true, [&](Value* row) { tile(row, column); });
    });
  }

  // All tiles for each part of k in turn.
  void blocks_of_k() {
    const std::int64_t extent = form_.positions->ks[0].extent;
    e_.loop(e_.index(0), e_.index(extent), form_.k_blocks->size, true, [&](Value* first) {
      first_k_ = first;
      Value* after = b_.CreateAdd(first, e_.index(form_.k_blocks->size));
      last_k_ = b_.CreateSelect(b_.CreateICmpSLT(after, e_.index(extent)), after, e_.index(extent));
      all_tiles();
    });
  }

  // A row tile is a piece of the last row axis at some place of the others: cut in tiles, of which neighbours
  // that no border cuts share their code.
  void position_tiles(Value* unit, Value* column_tile) {
    const kernel::Positions& positions = *form_.positions;
    const std::int64_t last = positions.rows.back().extent, length = last / positions.pieces;
    PositionTile tile;
    tile.block = e_.tile_begin(column_tile, blocks_, column_tiles_);
    Value* first_row = e_.times(unit, length);
    Value* piece = b_.CreateMul(b_.CreateURem(unit, e_.index(positions.pieces)), e_.index(length));
    Value* rest = b_.CreateUDiv(unit, e_.index(positions.pieces));
    tile.others.resize(positions.rows.size() - 1);
    for (std::size_t i = tile.others.size(); i-- > 0;) {
      Value* extent = e_.index(positions.rows[i].extent);
      tile.others[i] = i == 0 ? rest : b_.CreateURem(rest, extent);
      rest = b_.CreateUDiv(rest, extent);
    }
    if (positions.pieces == 1) piece = e_.index(0);
    const std::int64_t parts = (length + form_.row_tile - 1) / form_.row_tile;
    balanced(column_tile, blocks_, column_tiles_, [&](std::int64_t width) {
      tile.width = width;
      for (std::int64_t part = 0; part < parts;) {
        const auto [begin, end] = kernel::tile_range(length, parts, part);
        std::int64_t next = part + 1;
        while (next < parts && is_like(part, next, parts, length)) ++next;
        tile.height = end - begin;
        auto at = [&](Value* offset) {
          tile.first = b_.CreateAdd(piece, offset);
          position_tile(tile, b_.CreateAdd(first_row, offset));
        };
        if (next == part + 1) {
          at(e_.index(begin));
        } else {
          e_.loop(e_.index(begin), e_.index(begin + (next - part) * tile.height), tile.height, true, at);
        }
        part = next;
      }
    });
  }

  // Tiles `first` and `second` are as high, and no border cuts them.
  bool is_like(std::int64_t first, std::int64_t second, std::int64_t parts, std::int64_t length) const {
    const auto a = kernel::tile_range(length, parts, first), b = kernel::tile_range(length, parts, second);
    if (a.second - a.first != b.second - b.first) return false;
    const kernel::Positions& positions = *form_.positions;
    return std::ranges::all_of(positions.ks, [&](const kernel::Positions::KAxis& axis) {
      if (!axis.border || axis.border->row_axis + 1 != positions.rows.size()) return true;
      for (std::int64_t k = 0; k < axis.extent; ++k) {
        for (std::int64_t row : {a.first, a.second - 1, b.first, b.second - 1}) {
          if (!axis.border->counts(row, k)) return false;
        }
      }
      return true;
    });
  }

  void position_tile(const PositionTile& tile, Value* row) {
    const auto count = tile.height * tile.width;
    Sums sums(count, llvm::Constant::getNullValue(e_.vector_type()));
    if (!form_.k_blocks) {
      sums = position_products_.add(tile, sums, e_.index(0), e_.index(form_.positions->ks[0].extent));
      return epilogue_.finish(row, tile.block, tile.width, sums);
    }
    std::vector<Value*> places;
    for (std::int64_t i = 0; i < count; ++i) {
      Value* column = e_.times(b_.CreateAdd(tile.block, e_.index(i % tile.width)), kernel::kLanes);
      places.push_back(e_.element_address(form_.k_blocks->sums, b_.CreateAdd(row, e_.index(i / tile.width)),
                                          column));
    }
    sums = e_.where(b_.CreateICmpSGT(first_k_, e_.index(0)), sums, [&](Sums values) {
      for (std::int64_t i = 0; i < count; ++i) values[i] = e_.load(e_.vector_type(), places[i]);
      return values;
    });
    sums = position_products_.add(tile, sums, first_k_, last_k_);
    e_.branch(
        b_.CreateICmpEQ(last_k_, e_.index(form_.positions->ks[0].extent)),
        [&] { epilogue_.finish(row, tile.block, tile.width, sums); },
        [&] {
          for (std::int64_t i = 0; i < count; ++i) e_.store(sums[i], places[i]);
        });
  }

  // Balanced tiles have two heights and two widths at most, so few bodies.
  void tile(Value* row_tile, Value* column_tile) {
    if (form_.positions) return position_tiles(row_tile, column_tile);
    fetcher_.fetch(row_tiles_ * column_tiles_);
    Tile tile;
    tile.row = e_.tile_begin(row_tile, kernel_.rows, row_tiles_);
    tile.block = e_.tile_begin(column_tile, blocks_, column_tiles_);
    balanced(column_tile, blocks_, column_tiles_, [&](std::int64_t width) {
      tile.width = width;
      balanced(row_tile, kernel_.rows, row_tiles_, [&](std::int64_t height) {
        tile.height = height;
        finish(tile, form_.dots ? products_.dots(tile, kernel_.columns) : products_.all(tile));
      });
      if (!epilogue_.is_long()) return;
      Value* height = e_.tile_size(row_tile, kernel_.rows, row_tiles_);
      epilogue_.finish_kept(tile.row, tile.block, width, e_.times(height, width));
    });
  }

  void finish(const Tile& tile, const Sums& sums) {
    if (epilogue_.is_long()) {
      epilogue_.keep(sums);
    } else {
      epilogue_.finish(tile.row, tile.block, tile.width, sums);
    }
  }

  template <typename Body>
  void balanced(Value* tile, std::int64_t extent, std::int64_t tiles, Body body) {
    const std::int64_t size = extent / tiles, larger = extent % tiles;
    if (larger == 0) return body(size);
    e_.branch(b_.CreateICmpSLT(tile, e_.index(larger)), [&] { body(size + 1); }, [&] { body(size); });
  }

  Value* has_few_nonzeros() {
    Value* counts = e_.base(form_.nonzeros->counts);
    std::vector<Value*> total =
        e_.reduce_loop(e_.index(0), e_.index(form_.nonzeros->counted), 1, {b_.getInt32(0)},
                       [&](Value* i, const std::vector<Value*>& carried) {
                         return std::vector<Value*>{
                             b_.CreateAdd(carried[0], e_.load(b_.getInt32Ty(), e_.advance(counts, i)))};
                       });
    return b_.CreateICmpSLE(total[0], b_.getInt32(static_cast<std::uint32_t>(form_.nonzeros->most)));
  }

  // Tiles of one size cover a thread's rows and columns; smaller ones what is left over.
  void nonzero_tiles() {
    auto place = [&](Value* tile, bool row) {
      return e_.tile_begin(tile, row ? kernel_.rows : blocks_, row ? row_tiles_ : column_tiles_);
    };
    Value* first_row = by_rows_ ? place(e_.begin(), true) : e_.index(0);
    Value* last_row = by_rows_ ? place(e_.end(), true) : e_.index(kernel_.rows);
    Value* first_block = by_rows_ ? e_.index(0) : place(e_.begin(), false);
    Value* last_block = by_rows_ ? e_.index(blocks_) : place(e_.end(), false);
    const std::int64_t calls = std::max<std::int64_t>(
        1, kernel_.rows / form_.nonzeros->row_tile * blocks_ / form_.nonzeros->block_tile);
    cover(first_block, last_block, form_.nonzeros->block_tile, [&](Value* block, std::int64_t width) {
      cover(first_row, last_row, form_.nonzeros->row_tile, [&](Value* row, std::int64_t height) {
        fetcher_.fetch(calls);
        epilogue_.finish(row, block, width, products_.nonzero({row, block, height, width}));
      });
    });
  }

  // Steps of `size` from first to last, then steps of 1.
  template <typename Body>
  void cover(Value* first, Value* last, std::int64_t size, Body body) {
    Value* count = b_.CreateSub(last, first);
    Value* middle = b_.CreateAdd(first, b_.CreateMul(b_.CreateUDiv(count, e_.index(size)), e_.index(size)));
    e_.loop(first, middle, size, false, [&](Value* i) { body(i, size); });
    const auto* known = llvm::dyn_cast<llvm::ConstantInt>(count);
    if (size == 1 || (known && known->getSExtValue() % size == 0)) return;
    e_.loop(middle, last, 1, false, [&](Value* i) { body(i, 1); });
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const ContractKernel& form_;
  const kernel::Kernel& kernel_;
  ScalarEmitter scalars_;
  Epilogue epilogue_;
  Products products_;
  PositionProducts position_products_;
  SampleFetcher fetcher_;
  Value *first_k_ = nullptr, *last_k_ = nullptr;  // of the part of k in turn
  const bool by_rows_;
  const std::int64_t blocks_, row_tiles_, column_tiles_;
};

}  // namespace

void emit_contract(Emitter& emitter, const ContractKernel& form) { ContractEmitter(emitter, form).run(); }

}  // namespace netc::codegen

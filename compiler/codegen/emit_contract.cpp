#include <algorithm>

#include "compiler/codegen/dot_products.h"
#include "compiler/codegen/epilogue.h"
#include "compiler/codegen/forms.h"
#include "compiler/codegen/panel_copier.h"
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
        dot_products_(emitter, scalars_, form),
        position_products_(emitter, scalars_, form),
        fetcher_(emitter, form.fetched),
        k_axes_(kernel::k_axes(form)),
        by_rows_(kernel_.parallel == kernel::Axis::kRows),
        blocks_(kernel::blocks_of(kernel_.columns)),
        row_tiles_(kernel::row_tiles(kernel_)),
        column_tiles_(kernel::column_tiles(kernel_)) {
    if (form_.k_blocks && form_.k_blocks->panels) panels_.emplace(e_, form_);
  }

  void run() {
    if (form_.nonzeros) {
      e_.branch(has_few_nonzeros(), [&] { nonzero_tiles(); }, [&] { all_tiles(); });
    } else {
      all_tiles();
    }
    e_.finish();
  }

 private:
  void all_tiles() {
    fetcher_.begin(row_tiles_ * column_tiles_);
    groups();
    if (form_.defers) epilogue_.finish_waiting();
  }

  // Groups of row tiles, whose part of a stays in the cache while all columns pass.
  void groups() {
    Value* first_row = by_rows_ ? e_.begin() : e_.index(0);
    Value* last_row = by_rows_ ? e_.end() : e_.index(row_tiles_);
    if (form_.row_group >= row_tiles_) return group(e_.index(0), first_row, last_row);
    Value* first = b_.CreateUDiv(first_row, e_.index(form_.row_group));
    Value* last =
        b_.CreateUDiv(b_.CreateAdd(last_row, e_.index(form_.row_group - 1)), e_.index(form_.row_group));
    e_.loop(first, last, 1, true, [&](Value* number) {
      Value *begin = e_.times(number, form_.row_group), *end = b_.CreateAdd(begin, e_.index(form_.row_group));
      group(number, b_.CreateSelect(b_.CreateICmpSLT(begin, first_row), first_row, begin),
            b_.CreateSelect(b_.CreateICmpSLT(end, last_row), end, last_row));
    });
  }

  void group(Value* number, Value* first_row, Value* last_row) {
    if (form_.k_blocks) return parts_of_k(0, number, first_row, last_row);
    tiles(number, first_row, last_row);
  }

  // Where the sums have parts of the rows, a group is one of these.
  void tiles(Value* group, Value* first_row, Value* last_row) {
    Value* first_column = by_rows_ ? e_.index(0) : e_.begin();
    Value* last_column = by_rows_ ? e_.index(column_tiles_) : e_.end();
    if (panels_ && form_.positions) {
      panels_->copy_a(parts_, group, e_.index(0), e_.index(kernel::tiles_of_last_axis(kernel_)));
    } else if (panels_) {
      panels_->copy_a(parts_, group, first_row, last_row);
    }
    e_.loop(first_column, last_column, 1, true, [&](Value* column) {
      if (panels_) panels_->copy_b(parts_, group, column);
      e_.loop(first_row, last_row, 1, true, [&](Value* row) { tile(row, column); });
    });
  }

  // All of a group's tiles for each part of k in turn.
  void parts_of_k(std::size_t axis, Value* group, Value* first_row, Value* last_row) {
    const std::int64_t extent = k_axes_[axis].extent;
    const std::int64_t size = axis < form_.k_blocks->axis ? 1 : form_.k_blocks->size;
    auto part = [&](Value* first, Value* last) {
      parts_.push_back({first, last});
      if (axis == form_.k_blocks->axis) {
        tiles(group, first_row, last_row);
      } else {
        parts_of_k(axis + 1, group, first_row, last_row);
      }
      parts_.pop_back();
    };
    if (size == extent) return part(e_.index(0), e_.index(extent));
    e_.loop(e_.index(0), e_.index(extent), size, true, [&](Value* first) {
      Value* after = b_.CreateAdd(first, e_.index(size));
      if (extent % size != 0)
        after = b_.CreateSelect(b_.CreateICmpSLT(after, e_.index(extent)), after, e_.index(extent));
      part(first, after);
    });
  }

  // Is it the first part of k, or the last one?
  Value* is_first_part() {
    Value* all = b_.getTrue();
    for (const Part& part : parts_) all = b_.CreateAnd(all, b_.CreateICmpEQ(part.first, e_.index(0)));
    return all;
  }
  Value* is_last_part() {
    Value* all = b_.getTrue();
    for (std::size_t i = 0; i < parts_.size(); ++i)
      all = b_.CreateAnd(all, b_.CreateICmpEQ(parts_[i].last, e_.index(k_axes_[i].extent)));
    return all;
  }

  // A row tile is a piece of the last row axis, at some value of the others.
  void position_tiles(Value* unit, Value* column_tile) {
    const kernel::Positions& positions = *form_.positions;
    PositionTile tile;
    tile.block = e_.tile_begin(column_tile, blocks_, column_tiles_);
    Value* piece = b_.CreateURem(unit, e_.index(positions.pieces));
    Value* rest = b_.CreateUDiv(unit, e_.index(positions.pieces));
    Value* phase = e_.index(0);
    tile.others.resize(positions.rows.size() - 1);
    std::int64_t phases = 1;
    for (std::size_t i = tile.others.size(); i-- > 0;) {
      Value *extent = e_.index(positions.rows[i].extent), *step = e_.index(positions.rows[i].step);
      Value* value = i == 0 ? rest : b_.CreateURem(rest, extent);
      rest = b_.CreateUDiv(rest, extent);
      tile.others[i] = b_.CreateUDiv(value, step);
      phase = b_.CreateAdd(phase, e_.times(b_.CreateURem(value, step), phases));
      phases *= positions.rows[i].step;
    }
    each_value(phase, 0, phases, [&](std::int64_t number) {
      e_.balanced(column_tile, blocks_, column_tiles_, [&](std::int64_t width) {
        tile.width = width;
        for (std::int64_t last = 0; last < positions.rows.back().step; ++last) {
          tile.phase = &positions.phases[number * positions.rows.back().step + last];
          at_each_tap(tile, [&](const PositionTile& at) { along_last_axis(at, unit, piece, last); });
        }
      });
    });
  }

  // Where the place along one row axis cuts off some of the innermost k, few places have code of their own:
  // the loops over what is left have no odd ends.
  template <typename Body>
  void at_each_tap(PositionTile tile, Body body) {
    constexpr std::int64_t kFew = 3;
    const std::vector<kernel::Positions::RowAxis>& rows = form_.positions->rows;
    const auto& border = tile.phase->ks.back().border;
    if (!border || tile.phase->cuts_tiles(rows.size()) || rows[border->row_axis].extent > kFew)
      return body(tile);
    Value* place = tile.others[border->row_axis];
    each_value(place, 0, rows[border->row_axis].places(0), [&](std::int64_t value) {
      tile.others[border->row_axis] = e_.index(value);
      body(tile);
    });
  }

  template <typename Body>
  void each_value(Value* value, std::int64_t first, std::int64_t last, Body body) {
    if (first + 1 == last) return body(first);
    e_.branch(
        b_.CreateICmpEQ(value, e_.index(first)), [&] { body(first); },
        [&] { each_value(value, first + 1, last, body); });
  }

  // The places of a piece, cut in tiles, of which neighbours that no border cuts share their code.
  void along_last_axis(PositionTile tile, Value* unit, Value* piece, std::int64_t remainder) {
    const kernel::Positions& positions = *form_.positions;
    const kernel::Positions::RowAxis& axis = positions.rows.back();
    const std::int64_t length = axis.places(remainder) / positions.pieces;
    const std::int64_t parts = (length + form_.row_tile - 1) / form_.row_tile;
    Value* first_tile = e_.times(piece, parts);
    Value* first_row = b_.CreateAdd(e_.times(unit, axis.extent / positions.pieces), e_.index(remainder));
    for (std::int64_t part = 0, next = 0; part < parts; part = next) {
      const auto [begin, end] = kernel::tile_range(length, parts, part);
      for (next = part + 1; next < parts && is_like(tile, part, next, parts, length);) ++next;
      tile.height = end - begin;
      auto at = [&](Value* number) {
        Value* offset =
            b_.CreateAdd(e_.times(b_.CreateSub(number, e_.index(part)), tile.height), e_.index(begin));
        tile.number = b_.CreateAdd(first_tile, number);
        tile.first = positions.pieces == 1 ? offset : b_.CreateAdd(e_.times(piece, length), offset);
        position_tile(tile, b_.CreateAdd(first_row, e_.times(offset, axis.step)));
      };
      if (next == part + 1) {
        at(e_.index(part));
      } else {
        e_.loop(e_.index(part), e_.index(next), 1, true, at);
      }
    }
  }

  // Two tiles are equally high, and no border cuts them.
  bool is_like(const PositionTile& tile, std::int64_t first, std::int64_t second, std::int64_t parts,
               std::int64_t length) const {
    const auto a = kernel::tile_range(length, parts, first), b = kernel::tile_range(length, parts, second);
    if (a.second - a.first != b.second - b.first) return false;
    return std::ranges::all_of(tile.phase->ks, [&](const kernel::Positions::KAxis& axis) {
      if (!axis.cuts_tiles(form_.positions->rows.size())) return true;
      for (std::int64_t k = 0; k < axis.extent; ++k) {
        for (std::int64_t row : {a.first, a.second - 1, b.first, b.second - 1}) {
          if (!axis.border->counts(row, k)) return false;
        }
      }
      return true;
    });
  }

  void position_tile(const PositionTile& tile, Value* row) {
    const Epilogue::Place place{row, form_.positions->rows.back().step, tile.block, tile.width};
    auto products = [&](Sums sums) {
      return position_products_.add(tile, std::move(sums), parts_, panels_ ? &*panels_ : nullptr);
    };
    sum_up(place, tile.height, products, [&](const Sums& sums) { epilogue_.finish(place, sums); });
  }

  // What `products` adds to a tile's sums; after the last part of k, `finish`.
  void sum_up(const Epilogue::Place& place, std::int64_t height, const std::function<Sums(Sums)>& products,
              const std::function<void(const Sums&)>& finish) {
    const std::int64_t count = height * place.width;
    Sums sums(count, llvm::Constant::getNullValue(e_.vector_type()));
    if (!form_.k_blocks || !form_.k_blocks->sums) return finish(products(std::move(sums)));
    std::vector<Value*> kept;
    for (std::int64_t i = 0; i < count; ++i) {
      Value* row = b_.CreateAdd(place.row, e_.index(i / place.width));
      Value* column = e_.times(b_.CreateAdd(place.block, e_.index(i % place.width)), kernel::kLanes);
      kept.push_back(e_.element_address(*form_.k_blocks->sums, row, column));
    }
    sums = e_.where(b_.CreateNot(is_first_part()), std::move(sums), [&](Sums values) {
      for (std::int64_t i = 0; i < count; ++i) {
        values[i] = e_.load(e_.vector_type(), kept[i]);
        e_.prefetch(e_.advance(kept[i], height * kernel::kLanes * 4));  // the next tile's
      }
      return values;
    });
    sums = products(std::move(sums));
    e_.branch(
        is_last_part(), [&] { finish(sums); },
        [&] {
          for (std::int64_t i = 0; i < count; ++i) e_.store(sums[i], kept[i]);
        });
  }

  // Balanced tiles have two heights and two widths at most, so few bodies.
  void tile(Value* row_tile, Value* column_tile) {
    if (form_.positions) return position_tiles(row_tile, column_tile);
    fetcher_.fetch();
    Tile tile;
    tile.row = e_.tile_begin(row_tile, kernel_.rows, row_tiles_);
    tile.block = e_.tile_begin(column_tile, blocks_, column_tiles_);
    e_.balanced(column_tile, blocks_, column_tiles_, [&](std::int64_t width) {
      tile.width = width;
      at_each_width(tile, column_tile, [&] { rows_of(tile, row_tile); });
    });
  }

  // A vector that takes several registers takes fewer where few of its lanes hold columns.
  template <typename Body>
  void at_each_width(Tile& tile, Value* column_tile, Body body) {
    const std::int64_t last = kernel_.columns - (blocks_ - 1) * kernel::kLanes;
    const bool may_narrow = !e_.has_avx512() && !panels_ && !form_.defers && !form_.dots;
    if (!may_narrow || tile.width > 1 || last > kernel::kLanes / 2) return body();
    auto with_lanes = [&](std::int64_t lanes) {
      tile.lanes = lanes;
      body();
    };
    const std::int64_t narrow = last > kernel::kLanes / 4 ? kernel::kLanes / 2 : kernel::kLanes / 4;
    if (column_tiles_ == 1) return with_lanes(narrow);
    Value* is_last = b_.CreateICmpEQ(column_tile, e_.index(column_tiles_ - 1));
    e_.branch(is_last, [&] { with_lanes(narrow); }, [&] { with_lanes(kernel::kLanes); });
  }

  void rows_of(Tile& tile, Value* row_tile) {
    const Epilogue::Place place{tile.row, 1, tile.block, tile.width};
    e_.balanced(row_tile, kernel_.rows, row_tiles_, [&](std::int64_t height) {
      tile.height = height;
      if (form_.fetches_result) fetch_result(tile);
      sum_up(
          place, height, [&](Sums sums) { return products(tile, row_tile, std::move(sums)); },
          [&](const Sums& sums) {
            if (form_.defers) return epilogue_.defer(place, sums);
            epilogue_.is_long() ? epilogue_.keep(sums) : epilogue_.finish(place, sums);
          });
    });
    if (!epilogue_.is_long() || form_.defers) return;
    Value* count = e_.times(e_.tile_size(row_tile, kernel_.rows, row_tiles_), tile.width);
    e_.branch(is_last_part(), [&] { epilogue_.finish_kept(place, count); }, [] {});
  }

  // Of the tiles that follow down the columns: memory answers while their products are summed up.
  void fetch_result(const Tile& tile) {
    constexpr std::int64_t kRowsAhead = 24;
    const std::int64_t ahead = (kRowsAhead + tile.height - 1) / tile.height * tile.height;
    for (const kernel::Statement& statement : kernel_.body.statements) {
      if (!statement.store || statement.extent != kernel::Statement::Extent::kElement) continue;
      for (std::int64_t i = 0; i < tile.height * tile.width; ++i) {
        Value* row = b_.CreateAdd(tile.row, e_.index(ahead + i / tile.width));
        Value* column = e_.times(b_.CreateAdd(tile.block, e_.index(i % tile.width)), kernel::kLanes);
        e_.prefetch_to_write(e_.element_address(*statement.store, row, column));
      }
    }
  }

  Sums products(const Tile& tile, Value* row_tile, Sums sums) {
    if (form_.dots) return dot_products_.all(tile, kernel_.columns);
    if (form_.defers) return products_.beside(tile, panels_ ? &*panels_ : nullptr, row_tile, epilogue_);
    if (!panels_) {
      const std::int64_t tiles = std::min(form_.row_group, row_tiles_);
      return products_.all(tile, tiles, b_.CreateURem(row_tile, e_.index(tiles)));
    }
    return products_.from_panels(tile, *panels_, row_tile, parts_[0], std::move(sums));
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
    fetcher_.begin(calls);
    cover(first_block, last_block, form_.nonzeros->block_tile, [&](Value* block, std::int64_t width) {
      cover(first_row, last_row, form_.nonzeros->row_tile, [&](Value* row, std::int64_t height) {
        fetcher_.fetch();
        epilogue_.finish({row, 1, block, width}, products_.nonzero({row, block, height, width}));
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
  DotProducts dot_products_;
  PositionProducts position_products_;
  SampleFetcher fetcher_;
  std::optional<PanelCopier> panels_;
  Parts parts_;  // of the first ks, in turn
  const std::vector<kernel::Positions::KAxis> k_axes_;
  const bool by_rows_;
  const std::int64_t blocks_, row_tiles_, column_tiles_;
};

}  // namespace

void emit_contract(Emitter& emitter, const ContractKernel& form) { ContractEmitter(emitter, form).run(); }

}  // namespace netc::codegen

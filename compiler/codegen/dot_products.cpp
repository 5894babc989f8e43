#include "compiler/codegen/dot_products.h"

#include <algorithm>

#include "compiler/codegen/lane_sums.h"

namespace netc::codegen {

using kernel::Dots;
using llvm::Value;

std::vector<DotProducts::Piece> DotProducts::pieces(const Tile& tile, std::int64_t columns) {
  const Dots& dots = *form_.dots;
  std::vector<Piece> all;
  for (std::int64_t row = 0; row < tile.height; row += dots.rows_at_once) {
    Tile rows = tile;
    rows.row = b_.CreateAdd(tile.row, e_.index(row));
    rows.height = std::min(dots.rows_at_once, tile.height - row);
    for (std::int64_t first = 0; first < columns; first += dots.columns_at_once)
      all.push_back({rows, row, first, std::min(dots.columns_at_once, columns - first)});
  }
  return all;
}

DotProducts::Bases DotProducts::bases(const Piece& piece) {
  return {e_.advance(e_.base(form_.a), piece.rows.row, form_.a_row_stride * 4),
          e_.advance(e_.base(form_.b), piece.first_column * form_.dots->column_stride * 4)};
}

DotProducts::Bases DotProducts::at_block(const Bases& from, Value* number) {
  return {e_.advance(from.a, number, kernel::kLanes * 4),
          e_.advance(from.b, number, form_.dots->block_stride * 4)};
}

// 16 products for each row and column, of the k that begin where `at` stands; only the first `lanes` of them
// count.
void DotProducts::add_dots(const Piece& piece, Bases at, std::int64_t lanes, Sums& sums) {
  llvm::SmallVector<llvm::Constant*> inside;
  for (std::int64_t lane = 0; lane < kernel::kLanes; ++lane) inside.push_back(b_.getInt1(lane < lanes));
  auto load = [&](Value* pointer) {
    Value* vector = e_.load(e_.vector_type(), pointer);
    if (lanes == kernel::kLanes) return vector;
    return b_.CreateSelect(llvm::ConstantVector::get(inside), vector,
                           llvm::Constant::getNullValue(vector->getType()));
  };
  Sums rows;
  for (std::int64_t r = 0; r < piece.rows.height; ++r)
    rows.push_back(load(e_.advance(at.a, r * form_.a_row_stride * 4)));
  for (std::int64_t c = 0; c < piece.columns; ++c) {
    Value* column = load(e_.advance(at.b, c * form_.dots->column_stride * 4));
    for (std::int64_t r = 0; r < piece.rows.height; ++r) {
      Value*& sum = sums[r * piece.columns + c];
      sum = scalars_.math().fma(rows[r], column, sum);
    }
  }
}

Sums DotProducts::add_blocks(const Piece& piece, Value* first, Value* last, Sums sums) {
  const Bases from = bases(piece);
  return e_.reduce_loop(first, last, 1, std::move(sums), [&](Value* number, Sums carried) {
    add_dots(piece, at_block(from, number), kernel::kLanes, carried);
    return carried;
  });
}

std::vector<Value*> DotProducts::kept(const Piece& piece, Value* memory, std::int64_t columns) {
  std::vector<Value*> places;
  for (std::int64_t r = 0; r < piece.rows.height; ++r) {
    const std::int64_t first = (piece.first_row + r) * columns + piece.first_column;
    for (std::int64_t c = 0; c < piece.columns; ++c)
      places.push_back(e_.advance(memory, (first + c) * kernel::kLanes * 4));
  }
  return places;
}

Value* DotProducts::sum_parts(const Tile& tile, std::int64_t columns, std::int64_t blocks) {
  const std::int64_t vectors = tile.height * columns, part = form_.dots->blocks_at_once;
  Value* memory = e_.scratch(vectors * kernel::kLanes * 4);
  Value* zero = llvm::Constant::getNullValue(e_.vector_type());
  e_.loop(e_.index(0), e_.index(vectors), 1, true,
          [&](Value* number) { e_.store(zero, e_.advance(memory, number, kernel::kLanes * 4)); });
  e_.loop(e_.index(0), e_.index(blocks), part, true, [&](Value* first) {
    for (const Piece& piece : pieces(tile, columns)) {
      const std::vector<Value*> places = kept(piece, memory, columns);
      Sums sums;
      for (Value* place : places) sums.push_back(e_.load(e_.vector_type(), place));
      sums = add_blocks(piece, first, b_.CreateAdd(first, e_.index(part)), std::move(sums));
      for (std::size_t i = 0; i < places.size(); ++i) e_.store(sums[i], places[i]);
    }
  });
  return memory;
}

Sums DotProducts::all(const Tile& tile, std::int64_t columns) {
  const std::int64_t whole = form_.k / kernel::kLanes, rest = form_.k % kernel::kLanes;
  const bool in_parts = form_.dots->blocks_at_once < whole;
  const std::int64_t before = in_parts ? whole / form_.dots->blocks_at_once * form_.dots->blocks_at_once : 0;
  Value* memory = in_parts ? sum_parts(tile, columns, before) : nullptr;
  std::vector<Sums> of_row(tile.height);
  for (const Piece& piece : pieces(tile, columns)) {
    Sums sums(piece.rows.height * piece.columns, llvm::Constant::getNullValue(e_.vector_type()));
    if (in_parts) {
      const std::vector<Value*> places = kept(piece, memory, columns);
      for (std::size_t i = 0; i < places.size(); ++i) sums[i] = e_.load(e_.vector_type(), places[i]);
    }
    if (before < whole) sums = add_blocks(piece, e_.index(before), e_.index(whole), std::move(sums));
    if (rest > 0) add_dots(piece, at_block(bases(piece), e_.index(whole)), rest, sums);
    for (std::int64_t r = 0; r < piece.rows.height; ++r) {
      Sums& row = of_row[piece.first_row + r];
      row.insert(row.end(), sums.begin() + r * piece.columns, sums.begin() + (r + 1) * piece.columns);
    }
  }
  Sums sums;
  for (const Sums& vectors : of_row) sums.push_back(lane_sums(b_, vectors));
  return sums;
}

}  // namespace netc::codegen

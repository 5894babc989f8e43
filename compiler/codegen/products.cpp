#include "compiler/codegen/products.h"

#include <algorithm>

#include "compiler/codegen/lane_sums.h"

namespace netc::codegen {

using kernel::Dots;
using llvm::Value;

namespace {

// Lines so far apart are no stream to the hardware: they are fetched this many k ahead.
constexpr std::int64_t kFarBytes = 1024, kAhead = 8;

}  // namespace

Products::Bases Products::bases(const Tile& tile) {
  return {e_.advance(e_.base(form_.a), tile.row, form_.a_row_stride * 4),
          e_.advance(e_.base(form_.b), tile.block, form_.b_block_stride * 4)};
}

Sums Products::zeros(const Tile& tile) {
  return Sums(tile.height * tile.width, llvm::Constant::getNullValue(e_.vector_type()));
}

Products::Bases Products::advance(Bases bases, Value* k) {
  return {e_.advance(bases.a, k, form_.a_k_stride * 4), e_.advance(bases.b, k, form_.b_k_stride * 4)};
}

void Products::add(const Tile& tile, Bases at, std::int64_t k, Sums& sums) {
  Sums row_of_b;
  for (std::int64_t j = 0; j < tile.width; ++j) {
    row_of_b.push_back(
        e_.load(e_.vector_type(), e_.advance(at.b, (k * form_.b_k_stride + j * form_.b_block_stride) * 4)));
  }
  for (std::int64_t r = 0; r < tile.height; ++r) {
    Value* element =
        e_.load(b_.getFloatTy(), e_.advance(at.a, (r * form_.a_row_stride + k * form_.a_k_stride) * 4));
    Value* splat = scalars_.widen(element);
    for (std::int64_t j = 0; j < tile.width; ++j) {
      Value*& sum = sums[r * tile.width + j];
      sum = scalars_.math().fma(splat, row_of_b[j], sum);
    }
  }
}

void Products::fetch(const Tile& tile, Bases at, std::int64_t k) {
  auto fetch = [&](Value* base, std::int64_t stride, std::int64_t offset) {
    b_.CreateIntrinsic(
        llvm::Intrinsic::prefetch, {b_.getPtrTy()},
        {e_.advance(base, (k * stride + offset) * 4), b_.getInt32(0), b_.getInt32(3), b_.getInt32(1)});
  };
  if (form_.a_k_stride * 4 >= kFarBytes) fetch(at.a, form_.a_k_stride, 0);
  if (form_.b_k_stride * 4 < kFarBytes) return;
  for (std::int64_t j = 0; j < tile.width; ++j) fetch(at.b, form_.b_k_stride, j * form_.b_block_stride);
}

Sums Products::all(const Tile& tile) {
  const Bases bases = this->bases(tile);
  const std::int64_t whole = form_.k / form_.unroll * form_.unroll;
  Sums sums = zeros(tile);
  if (whole > 0) {
    sums = e_.reduce_loop(e_.index(0), e_.index(whole), form_.unroll, sums, [&](Value* k, Sums carried) {
      const Bases at = advance(bases, k);
      // Never beyond the last: there may be no memory, and finding that out takes long.
      Value* last = e_.index(whole - form_.unroll);
      Value* ahead = b_.CreateAdd(k, e_.index(kAhead));
      const Bases later = advance(bases, b_.CreateSelect(b_.CreateICmpSLT(ahead, last), ahead, last));
      for (std::int64_t u = 0; u < form_.unroll; ++u) {
        fetch(tile, later, u);
        add(tile, at, u, carried);
      }
      return carried;
    });
  }
  for (std::int64_t k = whole; k < form_.k; ++k) add(tile, bases, k, sums);
  return sums;
}

// 16 products for each row and column, of the k that begin where `at` stands; only the first `lanes` of them
// count.
void Products::add_dots(const Tile& tile, std::int64_t columns, Bases at, std::int64_t lanes, Sums& sums) {
  llvm::SmallVector<llvm::Constant*> inside;
  for (std::int64_t lane = 0; lane < kernel::kLanes; ++lane) inside.push_back(b_.getInt1(lane < lanes));
  auto load = [&](Value* pointer) {
    Value* vector = e_.load(e_.vector_type(), pointer);
    if (lanes == kernel::kLanes) return vector;
    return b_.CreateSelect(llvm::ConstantVector::get(inside), vector,
                           llvm::Constant::getNullValue(vector->getType()));
  };
  Sums rows;
  for (std::int64_t r = 0; r < tile.height; ++r)
    rows.push_back(load(e_.advance(at.a, r * form_.a_row_stride * 4)));
  for (std::int64_t c = 0; c < columns; ++c) {
    Value* column = load(e_.advance(at.b, c * form_.dots->column_stride * 4));
    for (std::int64_t r = 0; r < tile.height; ++r) {
      Value*& sum = sums[r * columns + c];
      sum = scalars_.math().fma(rows[r], column, sum);
    }
  }
}

// Row by row, of each of the columns from `first` on a vector to be summed up.
Sums Products::dots_from(const Tile& tile, std::int64_t first, std::int64_t columns) {
  const Dots& dots = *form_.dots;
  const Bases bases{e_.advance(e_.base(form_.a), tile.row, form_.a_row_stride * 4),
                    e_.advance(e_.base(form_.b), first * dots.column_stride * 4)};
  auto block = [&](Value* number) {
    return Bases{e_.advance(bases.a, number, kernel::kLanes * 4),
                 e_.advance(bases.b, number, dots.block_stride * 4)};
  };
  const std::int64_t whole = form_.k / kernel::kLanes, rest = form_.k % kernel::kLanes;
  Sums sums(tile.height * columns, llvm::Constant::getNullValue(e_.vector_type()));
  if (whole > 0) {
    sums = e_.reduce_loop(e_.index(0), e_.index(whole), 1, sums, [&](Value* number, Sums carried) {
      add_dots(tile, columns, block(number), kernel::kLanes, carried);
      return carried;
    });
  }
  if (rest > 0) add_dots(tile, columns, block(e_.index(whole)), rest, sums);
  return sums;
}

Sums Products::dots(const Tile& tile, std::int64_t columns) {
  std::vector<Sums> of_row(tile.height);
  for (std::int64_t first = 0; first < columns; first += form_.dots->columns_at_once) {
    const std::int64_t count = std::min(form_.dots->columns_at_once, columns - first);
    const Sums part = dots_from(tile, first, count);
    for (std::int64_t r = 0; r < tile.height; ++r)
      of_row[r].insert(of_row[r].end(), part.begin() + r * count, part.begin() + (r + 1) * count);
  }
  Sums sums;
  for (const Sums& vectors : of_row) sums.push_back(lane_sums(b_, vectors));
  return sums;
}

// The bits of the tile's rows together.
Value* Products::word(const Tile& tile, Value* number) {
  const kernel::Nonzeros& nonzeros = *form_.nonzeros;
  Value* first = e_.advance(e_.advance(e_.base(nonzeros.words), tile.row, nonzeros.row_stride * 4), number,
                            nonzeros.word_stride * 4);
  Value* bits = nullptr;
  for (std::int64_t r = 0; r < tile.height; ++r) {
    Value* of_row = e_.load(b_.getInt32Ty(), e_.advance(first, r * nonzeros.row_stride * 4));
    bits = bits ? b_.CreateOr(bits, of_row) : of_row;
  }
  return bits;
}

Sums Products::nonzero(const Tile& tile) {
  const Bases bases = this->bases(tile);
  const std::int64_t words = (form_.k + 31) / 32;
  return e_.reduce_loop(e_.index(0), e_.index(words), 1, zeros(tile), [&](Value* number, Sums carried) {
    Value* first_k = e_.times(number, 32);
    carried.push_back(word(tile, number));
    carried = e_.reduce_while_not_zero(carried, [&](Sums values) {
      Value* bits = values.back();
      values.pop_back();
      Value* place =
          b_.CreateZExt(b_.CreateIntrinsic(llvm::Intrinsic::cttz, {bits->getType()}, {bits, b_.getTrue()}),
                        b_.getInt64Ty());
      add(tile, advance(bases, b_.CreateAdd(first_k, place)), 0, values);
      values.push_back(b_.CreateAnd(bits, b_.CreateSub(bits, b_.getInt32(1))));
      return values;
    });
    carried.pop_back();
    return carried;
  });
}

}  // namespace netc::codegen

#include "compiler/codegen/products.h"

#include <algorithm>

namespace netc::codegen {

using llvm::Value;

namespace {

// Lines so far apart are no stream to the hardware: they are fetched this many k ahead.
constexpr std::int64_t kFarBytes = 1024, kAhead = 8;

}  // namespace

Sums unrolled(Emitter& e, Part part, std::int64_t unroll, Sums sums,
              const std::function<Sums(Value*, std::int64_t, Sums)>& body) {
  llvm::IRBuilder<>& b = e.builder();
  const auto *first = llvm::dyn_cast<llvm::ConstantInt>(part.first),
             *last = llvm::dyn_cast<llvm::ConstantInt>(part.last);
  auto rounds = [&](Value* from, Value* to, std::int64_t step, Sums carried) {
    return e.reduce_loop(from, to, step, std::move(carried),
                         [&](Value* k, Sums values) { return body(k, step, std::move(values)); });
  };
  Value* count = b.CreateSub(part.last, part.first);
  Value* whole = b.CreateMul(b.CreateUDiv(count, e.index(unroll)), e.index(unroll));
  Value* middle = b.CreateAdd(part.first, whole);
  if (first && last) {
    const std::int64_t rest = (last->getSExtValue() - first->getSExtValue()) % unroll;
    if (!llvm::cast<llvm::ConstantInt>(whole)->isZero())
      sums = rounds(part.first, middle, unroll, std::move(sums));
    return rest > 0 ? body(middle, rest, std::move(sums)) : sums;
  }
  sums = e.where(b.CreateICmpSLT(part.first, middle), std::move(sums),
                 [&](Sums values) { return rounds(part.first, middle, unroll, std::move(values)); });
  return e.where(b.CreateICmpSLT(middle, part.last), std::move(sums),
                 [&](Sums values) { return rounds(middle, part.last, 1, std::move(values)); });
}

Products::Operands Products::in_place(const Tile& tile) {
  return {e_.advance(e_.base(form_.a), tile.row, form_.a_row_stride * 4),
          e_.advance(e_.base(form_.b), tile.block, form_.b_block_stride * 4),
          form_.a_row_stride,
          form_.a_k_stride,
          form_.b_k_stride,
          form_.b_block_stride};
}

Sums Products::zeros(const Tile& tile) {
  auto* type = llvm::FixedVectorType::get(b_.getFloatTy(), static_cast<unsigned>(tile.lanes));
  return Sums(tile.height * tile.width, llvm::Constant::getNullValue(type));
}

Sums Products::widened(Sums sums) {
  const auto lanes = llvm::cast<llvm::FixedVectorType>(sums[0]->getType())->getNumElements();
  if (lanes == kernel::kLanes) return sums;
  llvm::SmallVector<int> order;
  for (unsigned lane = 0; lane < kernel::kLanes; ++lane)
    order.push_back(static_cast<int>(std::min(lane, lanes)));
  for (Value*& sum : sums)
    sum = b_.CreateShuffleVector(sum, llvm::Constant::getNullValue(sum->getType()), order);
  return sums;
}

Products::Operands Products::advance(const Operands& operands, Value* k) {
  Operands there = operands;
  there.a = e_.advance(operands.a, k, operands.a_k_stride * 4);
  there.b = e_.advance(operands.b, k, operands.b_k_stride * 4);
  return there;
}

void Products::add(const Tile& tile, const Operands& at, std::int64_t k, Sums& sums) {
  Sums row_of_b;
  for (std::int64_t j = 0; j < tile.width; ++j) {
    Value* address = e_.advance(at.b, (k * at.b_k_stride + j * at.b_block_stride) * 4);
    row_of_b.push_back(e_.load(sums[0]->getType(), address));
  }
  for (std::int64_t r = 0; r < tile.height; ++r) {
    Value* element =
        e_.load(b_.getFloatTy(), e_.advance(at.a, (r * at.a_row_stride + k * at.a_k_stride) * 4));
    Value* splat = b_.CreateVectorSplat(static_cast<unsigned>(tile.lanes), element);
    for (std::int64_t j = 0; j < tile.width; ++j) {
      Value*& sum = sums[r * tile.width + j];
      sum = scalars_.math().fma(splat, row_of_b[j], sum);
    }
  }
}

void Products::fetch(const Tile& tile, const Operands& at, std::int64_t k) {
  auto fetch = [&](Value* base, std::int64_t stride, std::int64_t offset) {
    e_.prefetch(e_.advance(base, (k * stride + offset) * 4));
  };
  if (at.a_k_stride * 4 >= kFarBytes) fetch(at.a, at.a_k_stride, 0);
  if (at.b_k_stride * 4 < kFarBytes) return;
  for (std::int64_t j = 0; j < tile.width; ++j) fetch(at.b, at.b_k_stride, j * at.b_block_stride);
}

// Of the next column tile's b, to the second-level cache, at round k of a tile: each tile of a group brings a
// part of it.
void Products::fetch_next(const Tile& tile, std::int64_t tiles, Value* number, Value* k) {
  constexpr int kSecondLevel = 2;
  const std::int64_t rounds = form_.k / form_.unroll, each = (form_.unroll + tiles - 1) / tiles;
  Value* block = b_.CreateAdd(tile.block, e_.index(tile.width));
  // The next group begins again.
  Value* all = e_.index(kernel::blocks_of(e_.kernel().columns));
  block = b_.CreateSelect(b_.CreateICmpSLT(block, all), block, e_.index(0));
  Value* next = e_.advance(e_.base(form_.b), block, form_.b_block_stride * 4);
  Value* round = b_.CreateAdd(b_.CreateUDiv(k, e_.index(form_.unroll)), e_.times(number, rounds));
  Value *last = e_.index(form_.k - each), *place = e_.times(round, each);
  place = b_.CreateSelect(b_.CreateICmpSLT(place, last), place, last);
  for (std::int64_t i = 0; i < each; ++i) {
    for (std::int64_t j = 0; j < tile.width; ++j)
      e_.prefetch(e_.advance(e_.advance(next, place, form_.b_k_stride * 4),
                             (i * form_.b_k_stride + j * form_.b_block_stride) * 4),
                  kSecondLevel);
  }
}

Sums Products::all(const Tile& tile, std::int64_t tiles, Value* number) {
  const Operands operands = in_place(tile);
  // Never beyond the last: there may be no memory, and finding that out takes long.
  const std::int64_t last = form_.k / form_.unroll * form_.unroll - form_.unroll;
  auto several = [&](Value* k, std::int64_t count, Sums sums) {
    const Operands at = advance(operands, k);
    Value* ahead = b_.CreateAdd(k, e_.index(kAhead));
    const Operands later =
        advance(operands, b_.CreateSelect(b_.CreateICmpSLT(ahead, e_.index(last)), ahead, e_.index(last)));
    if (form_.fetches_next && count == form_.unroll) fetch_next(tile, tiles, number, k);
    for (std::int64_t u = 0; u < count; ++u) {
      if (count == form_.unroll) fetch(tile, later, u);
      add(tile, at, u, sums);
    }
    return sums;
  };
  return widened(unrolled(e_, {e_.index(0), e_.index(form_.k)}, form_.unroll, zeros(tile), several));
}

Products::Operands Products::copied(const Tile& tile, const PanelCopier& panels, Value* row_tile) {
  const std::int64_t columns = tile.width * kernel::kLanes;
  return {panels.a(row_tile), panels.b(tile.width), 1, form_.row_tile, columns, kernel::kLanes};
}

Sums Products::over(const Tile& tile, const Operands& from, Part part, Sums sums) {
  return unrolled(e_, part, form_.unroll, std::move(sums), [&](Value* k, std::int64_t count, Sums carried) {
    const Operands at = advance(from, k);
    for (std::int64_t u = 0; u < count; ++u) add(tile, at, u, carried);
    return carried;
  });
}

Sums Products::from_panels(const Tile& tile, const PanelCopier& panels, Value* row_tile, Part part,
                           Sums sums) {
  return over(tile, copied(tile, panels, row_tile), part, std::move(sums));
}

Sums Products::beside(const Tile& tile, const PanelCopier* panels, Value* row_tile, Epilogue& epilogue) {
  const Operands operands = panels ? copied(tile, *panels, row_tile) : in_place(tile);
  const std::int64_t share = form_.k / form_.row_tile;
  Value* waiting = epilogue.waiting();
  Sums sums = e_.where(b_.CreateICmpSLT(e_.index(0), waiting), zeros(tile), [&](Sums values) {
    return e_.reduce_loop(e_.index(0), waiting, 1, std::move(values), [&](Value* number, Sums carried) {
      epilogue.finish_deferred(number);
      const Operands at = advance(operands, e_.times(number, share));
      return over(tile, at, {e_.index(0), e_.index(share)}, std::move(carried));
    });
  });
  return over(tile, operands, {e_.times(waiting, share), e_.index(form_.k)}, std::move(sums));
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
  const Operands operands = in_place(tile);
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
      add(tile, advance(operands, b_.CreateAdd(first_k, place)), 0, values);
      values.push_back(b_.CreateAnd(bits, b_.CreateSub(bits, b_.getInt32(1))));
      return values;
    });
    carried.pop_back();
    return carried;
  });
}

}  // namespace netc::codegen

#include "compiler/codegen/position_products.h"

#include <algorithm>
#include <cstdlib>

namespace netc::codegen {

using llvm::Value;

PositionProducts::Bases PositionProducts::advance(Bases bases, std::size_t axis, Value* k) {
  return {e_.advance(bases.a, k, a_strides_[axis] * 4), e_.advance(bases.b, k, b_strides_[axis] * 4)};
}

Sums PositionProducts::add(const PositionTile& tile, Sums sums, const Parts& parts,
                           const PanelCopier* panels) {
  phase_ = tile.phase;
  parts_ = parts;
  if (phase_->products() == 0) return sums;
  a_strides_.clear();
  b_strides_.clear();
  for (const Axis& axis : ks()) {
    a_strides_.push_back(panels ? panels->a_stride(axis.a_stride) : axis.a_stride);
    b_strides_.push_back(panels ? panels->b_stride(axis.b_stride, tile.width) : axis.b_stride);
  }
  b_block_stride_ = panels ? kernel::kLanes : form_.b_block_stride;
  return over(0, tile, panels ? in_panels(tile, *panels) : in_place(tile), {0, tile.height}, std::move(sums));
}

PositionProducts::Bases PositionProducts::in_place(const PositionTile& tile) {
  const std::vector<kernel::Positions::RowAxis>& rows = positions().rows;
  Value* a = e_.advance(e_.base(form_.a), phase_->a_offset * 4);
  for (std::size_t i = 0; i < tile.others.size(); ++i)
    a = e_.advance(a, tile.others[i], rows[i].a_stride * 4);
  a = e_.advance(a, tile.first, rows.back().a_stride * 4);
  if (positions().by_channel) a = e_.advance(a, tile.block, kernel::kLanes * 4);
  Value* b = e_.advance(e_.base(form_.b), phase_->b_offset * 4);
  if (!tile.others.empty()) b = e_.advance(b, tile.others[0], rows[0].b_stride * 4);
  return {a, e_.advance(b, tile.block, form_.b_block_stride * 4)};
}

PositionProducts::Bases PositionProducts::in_panels(const PositionTile& tile, const PanelCopier& panels) {
  const std::vector<kernel::Positions::RowAxis>& rows = positions().rows;
  Value* a = e_.advance(panels.a(tile.number), panels.a_stride(phase_->a_offset) * 4);
  Value* b = e_.advance(panels.b(tile.width), panels.b_stride(phase_->b_offset, tile.width) * 4);
  for (std::size_t i = 0; i < tile.others.size(); ++i)
    a = e_.advance(a, tile.others[i], panels.a_stride(rows[i].a_stride) * 4);
  if (!tile.others.empty())
    b = e_.advance(b, tile.others[0], panels.b_stride(rows[0].b_stride, tile.width) * 4);
  return {a, b};
}

void PositionProducts::multiply(const PositionTile& tile, Bases at, Rows rows, Sums& sums) {
  Sums row_of_b;
  for (std::int64_t j = 0; j < tile.width; ++j)
    row_of_b.push_back(e_.load(e_.vector_type(), e_.advance(at.b, j * b_block_stride_ * 4)));
  for (std::int64_t r = rows.begin; r < rows.end; ++r) {
    Value* a = e_.advance(at.a, r * positions().rows.back().a_stride * 4);
    Value* splat = positions().by_channel ? nullptr : scalars_.widen(e_.load(b_.getFloatTy(), a));
    for (std::int64_t j = 0; j < tile.width; ++j) {
      Value* factor = splat ? splat : e_.load(e_.vector_type(), e_.advance(a, j * kernel::kLanes * 4));
      Value*& sum = sums[r * tile.width + j];
      sum = scalars_.math().fma(factor, row_of_b[j], sum);
    }
  }
}

bool PositionProducts::is_small(std::size_t axis) const {
  std::int64_t products = 1;
  for (; axis < ks().size(); ++axis) products *= ks()[axis].extent;
  return products <= 2 * form_.unroll;
}

// The k of the axes from `axis` on: few stand in the code without a loop.
Sums PositionProducts::over(std::size_t axis, const PositionTile& tile, Bases at, Rows rows, Sums sums) {
  if (axis == ks().size()) {
    multiply(tile, at, rows, sums);
    return sums;
  }
  const bool small = !ks()[axis].border && axis >= parts_.size() && is_small(axis);
  if (small || ks()[axis].cuts_tiles(positions().rows.size()))
    return one_by_one(axis, tile, at, rows, std::move(sums));
  return loop(axis, tile, at, rows, std::move(sums));
}

Sums PositionProducts::one_by_one(std::size_t number, const PositionTile& tile, Bases at, Rows rows,
                                  Sums sums) {
  const Axis& axis = ks()[number];
  const auto* first = llvm::dyn_cast<llvm::ConstantInt>(tile.first);
  for (std::int64_t k = 0; k < axis.extent; ++k) {
    Rows counted = rows;
    if (axis.border && first) {
      const std::int64_t row = first->getSExtValue();
      while (counted.begin < counted.end && !axis.border->counts(row + counted.begin, k)) ++counted.begin;
      while (counted.begin < counted.end && !axis.border->counts(row + counted.end - 1, k)) --counted.end;
      if (counted.begin == counted.end) continue;
    }
    sums = over(number + 1, tile, advance(at, number, e_.index(k)), counted, std::move(sums));
  }
  return sums;
}

Sums PositionProducts::loop(std::size_t number, const PositionTile& tile, Bases at, Rows rows, Sums sums) {
  const Axis& axis = ks()[number];
  const bool in_parts = number < parts_.size();
  Part part = in_parts ? parts_[number] : Part{e_.index(0), e_.index(axis.extent)};
  if (axis.border) part = inside(axis, tile, part);
  if (number + 1 == ks().size()) return innermost(tile, at, rows, std::move(sums), part);
  auto all = [&](Sums carried) {
    return e_.reduce_loop(part.first, part.last, 1, std::move(carried), [&](Value* k, Sums values) {
      return over(number + 1, tile, advance(at, number, k), rows, std::move(values));
    });
  };
  if (!axis.border || (!in_parts && !is_empty_somewhere(axis))) return all(std::move(sums));
  return e_.where(b_.CreateICmpSLT(part.first, part.last), std::move(sums), all);
}

Sums PositionProducts::innermost(const PositionTile& tile, Bases at, Rows rows, Sums sums, Part part) {
  const std::size_t axis = ks().size() - 1;
  return unrolled(e_, part, form_.unroll, std::move(sums), [&](Value* k, std::int64_t count, Sums carried) {
    const Bases here = advance(at, axis, k);
    for (std::int64_t u = 0; u < count; ++u) multiply(tile, advance(here, axis, e_.index(u)), rows, carried);
    return carried;
  });
}

// The k of a part that count for a tile's row.
Part PositionProducts::inside(const Axis& axis, const PositionTile& tile, Part part) {
  const kernel::Positions::Border& border = *axis.border;
  const std::int64_t step = std::abs(border.factor);
  Value* base =
      b_.CreateAdd(e_.times(tile.others[border.row_axis], border.row_factor), e_.index(border.offset));
  Value* beyond = b_.CreateSub(e_.index(border.extent), base);  // of what is left to add
  Value *first, *last;
  if (border.factor > 0) {
    first = e_.quotient(b_.CreateSub(e_.index(step - 1), base), step);
    last = e_.quotient(b_.CreateAdd(beyond, e_.index(step - 1)), step);
  } else {
    first = b_.CreateAdd(e_.quotient(b_.CreateNeg(beyond), step), e_.index(1));
    last = b_.CreateAdd(e_.quotient(base, step), e_.index(1));
  }
  auto greater = [&](Value* a, Value* b) { return b_.CreateSelect(b_.CreateICmpSLT(a, b), b, a); };
  first = greater(first, part.first);
  return {first, greater(first, b_.CreateSelect(b_.CreateICmpSLT(last, part.last), last, part.last))};
}

bool PositionProducts::is_empty_somewhere(const Axis& axis) const {
  const std::int64_t rows = positions().rows[axis.border->row_axis].places(0);
  for (std::int64_t row = 0; row < rows; ++row) {
    bool any = false;
    for (std::int64_t k = 0; k < axis.extent && !any; ++k) any = axis.border->counts(row, k);
    if (!any) return true;
  }
  return false;
}

}  // namespace netc::codegen

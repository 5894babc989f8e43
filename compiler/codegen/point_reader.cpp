#include "compiler/codegen/point_reader.h"

#include <algorithm>

#include "compiler/graph/index_map.h"
#include "compiler/support/check.h"

namespace netc::codegen {

using kernel::AffineIndex;
using kernel::Operand;
using kernel::Range;
using llvm::Value;

namespace {

constexpr std::int64_t kLanes = kernel::kLanes;

// The elements of a tensor in order, those of `skipped` left out.
AffineIndex flat(const kernel::IndexMap& index, const graph::Extents& extents, std::size_t skipped) {
  AffineIndex outer;
  std::int64_t stride = 1;
  for (std::size_t i = index.size(); i-- > 0;) {
    if (i == skipped) continue;
    outer.terms.push_back({static_cast<std::uint32_t>(i), stride});
    stride *= extents[i];
  }
  return graph::compose({outer}, index)[0];
}

}  // namespace

PointReader::PointReader(Emitter& emitter)
    : e_(emitter), b_(emitter.builder()), extents_(emitter.kernel().extents) {
  for (const kernel::Statement& statement : emitter.kernel().body.statements) {
    if (statement.window) window_ = &*statement.window;
  }
}

void PointReader::enter_row(Value* row) {
  row_axes_.assign(extents_.size(), nullptr);
  for (std::size_t i = extents_.size(); i-- > 1;) {
    const std::size_t axis = i - 1;
    Value* extent = e_.index(extents_[axis]);
    row_axes_[axis] = axis == 0 ? row : b_.CreateURem(row, extent);
    if (axis > 0) row = b_.CreateUDiv(row, extent);
  }
}

// Null for other axes.
const kernel::Window::Division* PointReader::division(std::uint32_t axis) const {
  if (!window_ || axis < extents_.size() + window_->extents.size()) return nullptr;
  return &window_->divisions[axis - extents_.size() - window_->extents.size()];
}

bool PointReader::varies(const AffineIndex& index) const {
  return std::ranges::any_of(index.terms, [&](const graph::AffineTerm& term) {
    const kernel::Window::Division* own = division(term.axis);
    return own ? varies(own->dividend) : term.axis + 1 == extents_.size();
  });
}

// Does it change by the same from lane to lane?
bool PointReader::is_even(const AffineIndex& index) const {
  return std::ranges::none_of(index.terms, [&](const graph::AffineTerm& term) {
    const kernel::Window::Division* own = division(term.axis);
    return own && varies(own->dividend);
  });
}

// The change from lane to lane, where it is even.
std::int64_t PointReader::column_factor(const AffineIndex& index) const {
  for (const graph::AffineTerm& term : index.terms) {
    if (term.axis + 1 == extents_.size()) return term.coefficient;
  }
  return 0;
}

bool PointReader::varies(const Operand& operand) const {
  return std::ranges::any_of(operand.inside, [&](const Range& range) { return varies(range.index); }) ||
         std::ranges::any_of(operand.index, [&](const AffineIndex& index) { return varies(index); });
}

bool PointReader::is_moving(const AffineIndex& index) const {
  return std::ranges::any_of(index.terms,
                             [&](const graph::AffineTerm& term) { return term.axis >= extents_.size(); });
}

bool PointReader::moves(const Operand& operand) const {
  return std::ranges::any_of(operand.index, [&](const AffineIndex& index) { return is_moving(index); });
}

Value* PointReader::divided(const kernel::Window::Division& division, std::int64_t lane) {
  Value* dividend = value(division.dividend, lane);
  return division.remainder ? e_.remainder(dividend, division.divisor)
                            : e_.quotient(dividend, division.divisor);
}

Value* PointReader::axis(std::uint32_t number, std::int64_t lane) {
  if (number + 1 < extents_.size()) return row_axes_[number];
  if (number + 1 == extents_.size()) return b_.CreateAdd(column_, e_.index(lane));
  if (const kernel::Window::Division* own = division(number)) return divided(*own, lane);
  NETC_CHECK(!point_.empty(), "a window's axes have values at its points");
  return point_[number - extents_.size()];
}

// In a lane.
Value* PointReader::value(const AffineIndex& index, std::int64_t lane) {
  Value* sum = e_.index(index.offset);
  for (const graph::AffineTerm& term : index.terms)
    sum = b_.CreateAdd(sum, e_.times(axis(term.axis, lane), term.coefficient));
  return sum;
}

Value* PointReader::values(const AffineIndex& index) {
  if (!is_even(index)) {
    Value* all = llvm::PoisonValue::get(llvm::FixedVectorType::get(b_.getInt32Ty(), kLanes));
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      all = b_.CreateInsertElement(all, b_.CreateTrunc(value(index, lane), b_.getInt32Ty()),
                                   static_cast<std::uint64_t>(lane));
    return all;
  }
  llvm::SmallVector<llvm::Constant*> lanes;
  for (std::int64_t lane = 0; lane < kLanes; ++lane)
    lanes.push_back(b_.getInt32(static_cast<std::uint32_t>(lane * column_factor(index))));
  Value* first = b_.CreateTrunc(value(index), b_.getInt32Ty());
  return b_.CreateAdd(b_.CreateVectorSplat(kLanes, first), llvm::ConstantVector::get(lanes));
}

Value* PointReader::number(const AffineIndex& index) {
  if (varies(index)) return b_.CreateSIToFP(values(index), e_.vector_type());
  return b_.CreateSIToFP(value(index), b_.getFloatTy());
}

Value* PointReader::inside(const std::vector<Range>& ranges, bool by_lane) {
  Value* all = nullptr;
  for (const Range& range : ranges) {
    if (varies(range.index) != by_lane) continue;
    Value* own;
    if (by_lane) {
      Value* extent = b_.CreateVectorSplat(kLanes, b_.getInt32(static_cast<std::uint32_t>(range.extent)));
      own = b_.CreateICmpULT(values(range.index), extent);
    } else {
      own = b_.CreateICmpULT(value(range.index), e_.index(range.extent));
    }
    all = all ? b_.CreateAnd(all, own) : own;
  }
  return all;
}

// Or all of them, or (null) all and always.
Value* PointReader::lanes_that_read(const Operand& operand) {
  Value *alike = inside_alike(operand.inside), *by_lane = inside_by_lane(operand.inside);
  if (lanes_ && varies(operand)) by_lane = by_lane ? b_.CreateAnd(by_lane, lanes_) : lanes_;
  if (!alike || !by_lane) return alike ? alike : by_lane;
  return b_.CreateAnd(by_lane, b_.CreateVectorSplat(kLanes, alike));
}

// Are 16 neighbouring columns 16 neighbouring elements?
bool PointReader::is_contiguous(const Operand& operand) const {
  for (std::size_t i = 0; i < operand.index.size(); ++i) {
    const bool last = i + 1 == operand.index.size();
    if (!is_even(operand.index[i]) || column_factor(operand.index[i]) != (last ? 1 : 0)) return false;
  }
  const kernel::Buffer& buffer = e_.plan().buffer(operand.buffer);
  if (buffer.layout.block_stride == kLanes) return true;
  return buffer.layout.minor_axis + 1 == operand.index.size() && operand.index.back().offset == 0 &&
         operand.index.back().terms.size() == 1;
}

// Of a lane's element.
Value* PointReader::address(const Operand& operand, std::int64_t lane) {
  const kernel::Buffer& buffer = e_.plan().buffer(operand.buffer);
  const std::int64_t bytes = kernel::element_bytes(buffer.dtype);
  const kernel::IndexMap& index = operand.index;
  if (buffer.storage == kernel::Storage::kSamples || buffer.storage == kernel::Storage::kLabels)
    return e_.advance(e_.sample_address(operand.buffer, value(index[0], lane)),
                      value(flat(index, operand.extents, 0), lane), bytes);
  Value* base = e_.base(operand.buffer);
  if (index.size() < 2 || buffer.is_dense())
    return e_.advance(base, value(flat(index, operand.extents, index.size()), lane), bytes);
  if (buffer.layout.block_stride == kLanes) {
    base = e_.advance(base, value(index[0], lane), buffer.layout.row_stride * bytes);
    return e_.advance(base, value(flat(index, operand.extents, 0), lane), bytes);
  }
  const std::size_t minor = buffer.layout.minor_axis;
  Value* column = value(index[minor], lane);
  base = e_.advance(base, value(flat(index, operand.extents, minor), lane), buffer.layout.row_stride * bytes);
  base = e_.advance(base, b_.CreateAShr(column, 4), buffer.layout.block_stride * bytes);
  return e_.advance(base, b_.CreateAnd(column, kLanes - 1), bytes);
}

Value* PointReader::one_by_one(const Operand& operand, Value* inside) {
  llvm::Type* element = e_.element_type(operand.buffer);
  Value* result = llvm::Constant::getNullValue(llvm::FixedVectorType::get(element, kLanes));
  const bool each = inside && inside->getType()->isVectorTy();
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    Value* pointer = address(operand, lane);
    Value* holds = each ? b_.CreateExtractElement(inside, static_cast<std::uint64_t>(lane)) : inside;
    // Lanes beyond the last column read what is there for sure. In a band, a buffer's beginning is not.
    Value* exists = b_.CreateICmpSLT(b_.CreateAdd(column_, e_.index(lane)), e_.index(extents_.back()));
    Value* reads = holds ? b_.CreateAnd(holds, exists) : exists;
    Value* loaded = e_.load(element, b_.CreateSelect(reads, pointer, e_.zeros()));
    if (holds) loaded = b_.CreateSelect(holds, loaded, llvm::Constant::getNullValue(element));
    result = b_.CreateInsertElement(result, loaded, static_cast<std::uint64_t>(lane));
  }
  return result;
}

Value* PointReader::read(const Operand& operand) {
  if (operand.kind == Operand::Kind::kIndex) return number(operand.index[0]);
  const bool samples = e_.plan().buffer(operand.buffer).storage == kernel::Storage::kSamples;
  NETC_CHECK(!samples || operand.inside.empty(), "samples are read inside");
  Value* holds = lanes_that_read(operand);
  llvm::Type* type = e_.element_type(operand.buffer);
  if (varies(operand)) {
    if (!is_contiguous(operand)) return one_by_one(operand, holds);
    type = llvm::FixedVectorType::get(type, kLanes);
  }
  Value* pointer = address(operand, 0);
  Value* zero = llvm::Constant::getNullValue(type);
  if (holds && holds->getType()->isVectorTy()) {
    const std::int64_t bytes = kernel::element_bytes(e_.plan().buffer(operand.buffer).dtype);
    return b_.CreateMaskedLoad(type, pointer, llvm::Align(static_cast<std::uint64_t>(bytes)), holds, zero);
  }
  if (!holds) return e_.load(type, pointer);
  return b_.CreateSelect(holds, e_.load(type, b_.CreateSelect(holds, pointer, e_.zeros())), zero);
}

}  // namespace netc::codegen

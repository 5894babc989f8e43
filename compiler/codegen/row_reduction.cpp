#include "compiler/codegen/row_reduction.h"

#include <limits>

namespace netc::codegen {

using kernel::Statement;
using llvm::Value;

Value* RowReduction::identity() {
  const double value =
      statement_.kind == Statement::Kind::kSum ? 0 : -std::numeric_limits<double>::infinity();
  return llvm::ConstantFP::get(e_.vector_type(), value);
}

Value* RowReduction::lane_numbers() {
  std::vector<llvm::Constant*> lanes;
  for (int i = 0; i < kernel::kLanes; ++i) lanes.push_back(llvm::ConstantFP::get(b_.getFloatTy(), i));
  return llvm::ConstantVector::get(lanes);
}

std::vector<Value*> RowReduction::start() {
  if (statement_.kind == Statement::Kind::kArgmax) return {identity(), lane_numbers()};
  return {identity()};
}

std::vector<Value*> RowReduction::step(std::span<Value* const> carried) {
  Value* value = scalars_.vector(statement_.root);
  Value* columns =
      b_.CreateFAdd(lane_numbers(), scalars_.widen(b_.CreateSIToFP(scalars_.column(), b_.getFloatTy())));
  const std::int64_t count = e_.kernel().columns;
  if (count % kernel::kLanes != 0) {
    Value* inside =
        b_.CreateFCmpOLT(columns, llvm::ConstantFP::get(e_.vector_type(), static_cast<double>(count)));
    value = b_.CreateSelect(inside, value, identity());
  }
  if (statement_.kind != Statement::Kind::kArgmax) return {combine(carried[0], value)};
  Best best = better({carried[0], carried[1]}, {value, columns});
  return {best.value, best.column};
}

Value* RowReduction::combine(Value* a, Value* b) {
  return statement_.kind == Statement::Kind::kSum ? b_.CreateFAdd(a, b) : scalars_.math().max(a, b);
}

RowReduction::Best RowReduction::better(Best a, Best b) {
  Value* only_b_is_nan = b_.CreateAnd(b_.CreateFCmpUNO(b.value, b.value), b_.CreateFCmpORD(a.value, a.value));
  Value* both_nan = b_.CreateAnd(b_.CreateFCmpUNO(b.value, b.value), b_.CreateFCmpUNO(a.value, a.value));
  Value* equal = b_.CreateOr(b_.CreateFCmpOEQ(a.value, b.value), both_nan);
  Value* earlier = b_.CreateAnd(equal, b_.CreateFCmpOLT(b.column, a.column));
  Value* take_b = b_.CreateOr(b_.CreateOr(b_.CreateFCmpOGT(b.value, a.value), only_b_is_nan), earlier);
  return {b_.CreateSelect(take_b, b.value, a.value), b_.CreateSelect(take_b, b.column, a.column)};
}

Value* RowReduction::half(Value* vector, bool upper) {
  const int lanes =
      static_cast<int>(llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements()) / 2;
  llvm::SmallVector<int> mask;
  for (int i = 0; i < lanes; ++i) mask.push_back(upper ? lanes + i : i);
  return b_.CreateShuffleVector(vector, mask);
}

// The largest of the lanes, or NaN if one is; then the first column among the lanes that hold it.
Value* RowReduction::first_of_largest(Value* values, Value* columns) {
  Value* largest = values;
  for (int lanes = kernel::kLanes; lanes > 1; lanes /= 2)
    largest = scalars_.math().max(half(largest, false), half(largest, true));
  largest = b_.CreateVectorSplat(kernel::kLanes, b_.CreateExtractElement(largest, std::uint64_t{0}));
  Value* holds = b_.CreateSelect(b_.CreateFCmpUNO(largest, largest), b_.CreateFCmpUNO(values, values),
                                 b_.CreateFCmpOEQ(values, largest));
  Value* beyond = llvm::ConstantFP::getInfinity(e_.vector_type());
  Value* first = b_.CreateSelect(holds, columns, beyond);
  for (int lanes = kernel::kLanes; lanes > 1; lanes /= 2) {
    Value *low = half(first, false), *high = half(first, true);
    first = b_.CreateSelect(b_.CreateFCmpOLT(low, high), low, high);
  }
  return b_.CreateExtractElement(first, std::uint64_t{0});
}

Value* RowReduction::finish(std::span<Value* const> carried) {
  if (statement_.kind == Statement::Kind::kArgmax) return first_of_largest(carried[0], carried[1]);
  Value* sum = carried[0];
  for (int lanes = kernel::kLanes; lanes > 1; lanes /= 2) sum = combine(half(sum, false), half(sum, true));
  return b_.CreateExtractElement(sum, std::uint64_t{0});
}

}  // namespace netc::codegen

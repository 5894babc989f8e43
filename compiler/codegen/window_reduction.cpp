#include "compiler/codegen/window_reduction.h"

#include <limits>

namespace netc::codegen {

using kernel::Statement;
using llvm::Value;

namespace {

// Points of inner axes that stand in the code one after the other.
constexpr std::int64_t kMostUnrolled = 16;

}  // namespace

Value* WindowReduction::run() {
  scalars_.settle(statement_.root);
  const double start =
      statement_.kind == Statement::Kind::kSum ? 0 : -std::numeric_limits<double>::infinity();
  Values carried{llvm::ConstantFP::get(e_.vector_type(), start)};
  if (statement_.kind == Statement::Kind::kArgmax)
    carried.push_back(llvm::Constant::getNullValue(e_.vector_type()));
  return over_axes({}, carried).back();
}

// The axes from point.size() on.
WindowReduction::Values WindowReduction::over_axes(Values point, Values carried) {
  const graph::Extents& extents = statement_.window->extents;
  if (point.size() == extents.size()) return at_point(point, carried);
  std::int64_t points = 1;
  for (std::size_t axis = point.size(); axis < extents.size(); ++axis) points *= extents[axis];
  const std::int64_t extent = extents[point.size()];
  point.push_back(nullptr);
  auto body = [&](Value* i, Values values) {
    point.back() = i;
    return over_axes(point, std::move(values));
  };
  if (points > kMostUnrolled) return e_.reduce_loop(e_.index(0), e_.index(extent), 1, carried, body);
  for (std::int64_t i = 0; i < extent; ++i) carried = body(e_.index(i), carried);
  return carried;
}

WindowReduction::Values WindowReduction::at_point(const Values& point, Values carried) {
  const auto place = scalars_.enter_point(point);
  auto go_on = [&](const Values& values) { return in_lanes(point, values); };
  Value* inside = scalars_.points().inside_alike(statement_.window->inside);
  carried = inside ? e_.where(inside, carried, go_on) : go_on(carried);
  scalars_.leave_point(place);
  return carried;
}

WindowReduction::Values WindowReduction::in_lanes(const Values& point, const Values& carried) {
  Value* lanes = scalars_.points().inside_by_lane(statement_.window->inside);
  if (!lanes) return step(point, carried);
  scalars_.points().set_lanes(lanes);
  Values next = step(point, carried);
  scalars_.points().set_lanes(nullptr);
  for (std::size_t i = 0; i < carried.size(); ++i) next[i] = b_.CreateSelect(lanes, next[i], carried[i]);
  return next;
}

WindowReduction::Values WindowReduction::step(const Values& point, Values carried) {
  if (statement_.kind == Statement::Kind::kSum) return {scalars_.add_to(carried[0], statement_.root)};
  Value* value = scalars_.vector(statement_.root);
  if (statement_.kind == Statement::Kind::kMax) return {scalars_.math().max(carried[0], value)};
  // Points come in the order of their places.
  Value* first_nan = b_.CreateAnd(b_.CreateFCmpUNO(value, value), b_.CreateFCmpORD(carried[0], carried[0]));
  Value* better = b_.CreateOr(b_.CreateFCmpOGT(value, carried[0]), first_nan);
  return {b_.CreateSelect(better, value, carried[0]),
          b_.CreateSelect(better, scalars_.widen(place(point)), carried[1])};
}

Value* WindowReduction::place(const Values& point) {
  Value* number = e_.index(0);
  for (std::size_t axis = 0; axis < point.size(); ++axis)
    number = b_.CreateAdd(e_.times(number, statement_.window->extents[axis]), point[axis]);
  return b_.CreateSIToFP(number, b_.getFloatTy());
}

}  // namespace netc::codegen

#include "compiler/codegen/epilogue.h"

#include <algorithm>

#include "compiler/codegen/stores.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kVectorBytes = kernel::kLanes * 4;
constexpr std::size_t kGroup = 4;

}  // namespace

Epilogue::Epilogue(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form)
    : e_(emitter),
      b_(emitter.builder()),
      scalars_(scalars),
      is_long_(kernel::has_long_epilogue(emitter.kernel())) {
  if (!is_long_) return;
  std::int64_t vectors = form.row_tile * form.block_tile;
  if (form.nonzeros) vectors = std::max(vectors, form.nonzeros->row_tile * form.nonzeros->block_tile);
  scratch_ = e_.scratch(vectors * kVectorBytes);
  for (std::size_t i = 0; i < (e_.has_avx512() ? kGroup : 1); ++i)
    group_.emplace_back(e_, i % 2 == 0 ? Math::Roots::kDivider : Math::Roots::kProducts);
  if (!form.defers) return;
  for (Value** variable : {&row_, &block_, &count_}) {
    *variable = e_.scratch(8);
    e_.store(e_.index(0), *variable);
  }
}

void Epilogue::enter(ScalarEmitter& scalars, Value* row, Value* block, Value* sum) {
  scalars.enter_row(row);
  scalars.enter_block(e_.times(block, kernel::kLanes));
  scalars.set_accumulator(sum);
}

void Epilogue::statements(Group group) {
  const kernel::Body& body = e_.kernel().body;
  for (std::uint32_t id = 0; id < body.pool.size(); ++id) {
    for (ScalarEmitter& scalars : group) scalars.value(static_cast<kernel::ScalarId>(id));
  }
  for (ScalarEmitter& scalars : group) {
    Stores stores(e_, scalars);
    for (const kernel::Statement& statement : body.statements)
      stores.add(statement, scalars.value(statement.root));
    stores.emit();
  }
}

// The vectors from `number` on, one for each of the group. Beyond `last`, that one again: all of a group is
// computed before any of it is stored, so that it comes to the same.
void Epilogue::kept(const Place& place, Value* number, Value* last) {
  for (std::size_t i = 0; i < group_.size(); ++i) {
    Value* own = i == 0 ? number : b_.CreateAdd(number, e_.index(static_cast<std::int64_t>(i)));
    if (last) own = b_.CreateSelect(b_.CreateICmpSLT(own, last), own, last);
    Value* sum = e_.load(e_.vector_type(), e_.advance(scratch_, own, kVectorBytes));
    Value* row = b_.CreateUDiv(own, e_.index(place.width));
    enter(group_[i], b_.CreateAdd(place.row, e_.times(row, place.step)),
          b_.CreateAdd(place.block, b_.CreateURem(own, e_.index(place.width))), sum);
  }
  statements(group_);
}

void Epilogue::keep(std::span<Value* const> sums) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    e_.store(sums[i], e_.advance(scratch_, static_cast<std::int64_t>(i) * kVectorBytes));
}

void Epilogue::finish_kept(const Place& place, Value* count) {
  const auto step = static_cast<std::int64_t>(group_.size());
  const auto* known = llvm::dyn_cast<llvm::ConstantInt>(count);
  const bool whole = step == 1 || (known && known->getSExtValue() % step == 0);
  Value* last = whole ? nullptr : b_.CreateSub(count, e_.index(1));
  e_.loop(e_.index(0), count, step, true, [&](Value* number) { kept(place, number, last); });
}

void Epilogue::defer(const Place& place, std::span<Value* const> sums) {
  keep(sums);
  e_.store(place.row, row_);
  e_.store(place.block, block_);
  e_.store(e_.index(static_cast<std::int64_t>(sums.size())), count_);
}

Value* Epilogue::waiting() { return e_.load(b_.getInt64Ty(), count_); }

// The unit that divides has the time of the products: no roots are made of these.
void Epilogue::finish_deferred(Value* number) {
  Value* sum = e_.load(e_.vector_type(), e_.advance(scratch_, number, kVectorBytes));
  enter(group_[0], b_.CreateAdd(e_.load(b_.getInt64Ty(), row_), number), e_.load(b_.getInt64Ty(), block_),
        sum);
  statements(Group(group_).first(1));
}

void Epilogue::finish_waiting() {
  e_.loop(e_.index(0), waiting(), 1, false, [&](Value* number) { finish_deferred(number); });
}

void Epilogue::finish(const Place& place, std::span<Value* const> sums) {
  const auto count = static_cast<std::int64_t>(sums.size());
  if (is_long_) {
    keep(sums);
    finish_kept(place, e_.index(count));
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    enter(scalars_, b_.CreateAdd(place.row, e_.index(i / place.width * place.step)),
          b_.CreateAdd(place.block, e_.index(i % place.width)), sums[i]);
    statements(Group(&scalars_, 1));
  }
}

}  // namespace netc::codegen

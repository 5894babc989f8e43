#include "compiler/codegen/epilogue.h"

#include <algorithm>

#include "compiler/codegen/stores.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kVectorBytes = kernel::kLanes * 4;

}  // namespace

Epilogue::Epilogue(Emitter& emitter, ScalarEmitter& scalars, const kernel::ContractKernel& form)
    : e_(emitter),
      b_(emitter.builder()),
      scalars_(scalars),
      is_long_(kernel::has_long_epilogue(emitter.kernel())),
      widest_(form.block_tile) {
  if (!is_long_) return;
  std::int64_t vectors = form.row_tile * form.block_tile;
  if (form.nonzeros) vectors = std::max(vectors, form.nonzeros->row_tile * form.nonzeros->block_tile);
  scratch_ = e_.scratch(vectors * kVectorBytes);
  if (!form.deferred) return;
  row_ = e_.scratch(8);
  block_ = e_.scratch(8);
  count_ = e_.scratch(8);
  width_ = e_.scratch(8);
  e_.store(e_.index(1), width_);
  e_.store(e_.index(0), count_);
}

void Epilogue::statements(Value* row, Value* block, Value* sum) {
  scalars_.enter_row(row);
  scalars_.enter_block(e_.times(block, kernel::kLanes));
  scalars_.set_accumulator(sum);
  Stores stores(e_, scalars_);
  for (const kernel::Statement& statement : e_.kernel().body.statements)
    stores.add(statement, scalars_.value(statement.root));
  stores.emit();
}

// Widths are few, so that a division by a width becomes shifts and products.
Epilogue::Place Epilogue::place(Value* number, Value* width) {
  if (llvm::isa<llvm::ConstantInt>(width))
    return {b_.CreateUDiv(number, width), b_.CreateURem(number, width)};
  Value *down = number, *right = e_.index(0);
  for (std::int64_t w = 2; w <= widest_; ++w) {
    Value* is_this = b_.CreateICmpEQ(width, e_.index(w));
    down = b_.CreateSelect(is_this, b_.CreateUDiv(number, e_.index(w)), down);
    right = b_.CreateSelect(is_this, b_.CreateURem(number, e_.index(w)), right);
  }
  return {down, right};
}

void Epilogue::from_scratch(Value* row, Value* block, Value* width, Value* number) {
  Value* sum = e_.load(e_.vector_type(), e_.advance(scratch_, number, kVectorBytes));
  const Place at = place(number, width);
  statements(b_.CreateAdd(row, at.down), b_.CreateAdd(block, at.right), sum);
}

void Epilogue::copy_to_scratch(std::span<Value* const> sums) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    e_.store(sums[i], e_.advance(scratch_, static_cast<std::int64_t>(i) * kVectorBytes));
}

void Epilogue::finish(Value* row, Value* block, std::int64_t width, std::span<Value* const> sums) {
  const auto count = static_cast<std::int64_t>(sums.size());
  if (!is_long_) {
    for (std::int64_t i = 0; i < count; ++i)
      statements(b_.CreateAdd(row, e_.index(i / width)), b_.CreateAdd(block, e_.index(i % width)), sums[i]);
    return;
  }
  copy_to_scratch(sums);
  e_.loop(e_.index(0), e_.index(count), 1, true,
          [&](Value* number) { from_scratch(row, block, e_.index(width), number); });
}

void Epilogue::defer(Value* row, Value* block, std::int64_t width, std::span<Value* const> sums) {
  copy_to_scratch(sums);
  e_.store(row, row_);
  e_.store(block, block_);
  e_.store(e_.index(static_cast<std::int64_t>(sums.size())), count_);
  e_.store(e_.index(width), width_);
}

Epilogue::Waiting Epilogue::waiting() {
  auto saved = [&](Value* variable) { return e_.load(b_.getInt64Ty(), variable); };
  return {saved(row_), saved(block_), saved(count_), saved(width_)};
}

void Epilogue::deferred_step(const Waiting& waiting, Value* number) {
  e_.branch(
      b_.CreateICmpSLT(number, waiting.count),
      [&] { from_scratch(waiting.row, waiting.block, waiting.width, number); }, [] {});
}

void Epilogue::flush() {
  const Waiting last = waiting();
  e_.loop(e_.index(0), last.count, 1, false,
          [&](Value* number) { from_scratch(last.row, last.block, last.width, number); });
}

}  // namespace netc::codegen

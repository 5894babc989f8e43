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
      is_long_(kernel::has_long_epilogue(emitter.kernel())) {
  if (!is_long_) return;
  std::int64_t vectors = form.row_tile * form.block_tile;
  if (form.nonzeros) vectors = std::max(vectors, form.nonzeros->row_tile * form.nonzeros->block_tile);
  scratch_ = e_.scratch(vectors * kVectorBytes);
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

void Epilogue::from_scratch(Value* row, Value* block, std::int64_t width, Value* number) {
  Value* sum = e_.load(e_.vector_type(), e_.advance(scratch_, number, kVectorBytes));
  if (width > 1) {
    block = b_.CreateAdd(block, b_.CreateURem(number, e_.index(width)));
    number = b_.CreateUDiv(number, e_.index(width));
  }
  statements(b_.CreateAdd(row, number), block, sum);
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
          [&](Value* number) { from_scratch(row, block, width, number); });
}

}  // namespace netc::codegen

#include <algorithm>
#include <array>

#include "compiler/codegen/forms.h"

namespace netc::codegen {

using llvm::Value;

namespace {

// Half a vector each way: larger squares gain little and take long to compile.
constexpr std::int64_t kSide = kernel::kLanes / 2;
using Square = std::array<Value*, kSide>;

// In three rounds of interleaving rows that lie 4, 2, 1 apart.
Square transpose(llvm::IRBuilder<>& b, Square rows) {
  constexpr int n = kSide;
  llvm::SmallVector<int> low, high;
  for (int i = 0; i < n / 2; ++i) {
    low.append({i, n + i});
    high.append({n / 2 + i, n + n / 2 + i});
  }
  for (int apart = n / 2; apart > 0; apart /= 2) {
    Square next;
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = b.CreateShuffleVector(rows[i], rows[i + n / 2], low);
      next[2 * i + 1] = b.CreateShuffleVector(rows[i], rows[i + n / 2], high);
    }
    rows = next;
  }
  return rows;
}

// A square of `from` at rows and columns (r, c), both multiples of 8, becomes the square of `to` at (c, r).
class RelayoutEmitter {
 public:
  RelayoutEmitter(Emitter& emitter, const kernel::RelayoutKernel& form)
      : e_(emitter),
        b_(emitter.builder()),
        form_(form),
        from_(emitter.plan().buffer(form.from)),
        rows_(from_.rows / form.squares) {}

  void run() {
    e_.loop(e_.begin(), e_.end(), 1, true, [&](Value* block) {
      Value* column = e_.times(block, kernel::kLanes);
      const std::int64_t rest = from_.columns % kernel::kLanes;
      if (rest == 0) return block_of_columns(column, kernel::kLanes);
      Value* last = b_.CreateICmpEQ(block, e_.index(kernel::blocks_of(from_.columns) - 1));
      e_.branch(
          last, [&] { block_of_columns(column, rest); }, [&] { block_of_columns(column, kernel::kLanes); });
    });
    e_.finish();
  }

 private:
  // `count`: columns, which are rows of the result.
  void block_of_columns(Value* column, std::int64_t count) {
    e_.loop(e_.index(0), e_.index(form_.squares), 1, true, [&](Value* number) {
      first_from_ = e_.times(number, rows_);
      first_to_ = e_.times(number, from_.columns);
      block_of_square(column, count);
    });
  }

  void block_of_square(Value* column, std::int64_t count) {
    for (std::int64_t first = 0; first < count; first += kSide) {
      const std::int64_t height = std::min(kSide, count - first);
      const std::int64_t whole = rows_ / kSide * kSide;
      if (whole > 0) {
        e_.loop(e_.index(0), e_.index(whole), kSide, true,
                [&](Value* row) { square(row, column, first, kSide, height); });
      }
      if (rows_ > whole) square(e_.index(whole), column, first, rows_ - whole, height);
    }
  }

  // The square at `row` and the column `first` of a block; `width` of its rows and `height` of its columns
  // exist.
  void square(Value* row, Value* column, std::int64_t first, std::int64_t width, std::int64_t height) {
    llvm::Type* half = llvm::FixedVectorType::get(b_.getFloatTy(), kSide);
    Square rows;
    for (std::int64_t i = 0; i < kSide; ++i) {
      rows[i] = llvm::Constant::getNullValue(half);
      if (i >= width) continue;
      Value* from_row = b_.CreateAdd(first_from_, b_.CreateAdd(row, e_.index(i)));
      Value* address = e_.element_address(form_.from, from_row, column);
      rows[i] = e_.load(half, e_.advance(address, first * 4));
    }
    rows = transpose(b_, rows);
    Value* in_block = b_.CreateAnd(row, kernel::kLanes - 1);
    for (std::int64_t i = 0; i < height; ++i) {
      Value* to_row = b_.CreateAdd(first_to_, b_.CreateAdd(column, e_.index(first + i)));
      e_.store(rows[i],
               e_.advance(e_.element_address(form_.to, to_row, b_.CreateSub(row, in_block)), in_block));
    }
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::RelayoutKernel& form_;
  const kernel::Buffer& from_;
  const std::int64_t rows_;  // of a square
  Value *first_from_ = nullptr, *first_to_ = nullptr;
};

}  // namespace

void emit_relayout(Emitter& emitter, const kernel::RelayoutKernel& form) {
  RelayoutEmitter(emitter, form).run();
}

}  // namespace netc::codegen

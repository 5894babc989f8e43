#include <array>

#include "compiler/codegen/forms.h"

namespace netc::codegen {

using llvm::Value;

namespace {

using Square = std::array<Value*, kernel::kLanes>;

// 16 x 16, in four rounds of interleaving rows that lie 8, 4, 2, 1 apart.
Square transpose(llvm::IRBuilder<>& b, Square rows) {
  constexpr int n = kernel::kLanes;
  llvm::SmallVector<int> low, high;
  for (int i = 0; i < n / 2; ++i) {
    low.append({i, n + i});
    high.append({n / 2 + i, n + n / 2 + i});
  }
  for (int round = 0; round < 4; ++round) {
    Square next;
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = b.CreateShuffleVector(rows[i], rows[i + n / 2], low);
      next[2 * i + 1] = b.CreateShuffleVector(rows[i], rows[i + n / 2], high);
    }
    rows = next;
  }
  return rows;
}

// A square of `from` at rows and columns (r, c), both multiples of 16, becomes the square of `to` at (c, r).
class RelayoutEmitter {
 public:
  RelayoutEmitter(Emitter& emitter, const kernel::RelayoutKernel& form)
      : e_(emitter),
        b_(emitter.builder()),
        form_(form),
        from_(emitter.plan().buffer(form.from)),
        to_(emitter.plan().buffer(form.to)) {}

  void run() {
    e_.loop(e_.begin(), e_.end(), 1, false, [&](Value* block) {
      Value* column = e_.times(block, kernel::kLanes);
      const std::int64_t rest = from_.columns % kernel::kLanes;
      if (rest == 0) return column_of_squares(column, kernel::kLanes);
      Value* last = b_.CreateICmpEQ(block, e_.index(kernel::blocks_of(from_.columns) - 1));
      e_.branch(
          last, [&] { column_of_squares(column, rest); }, [&] { column_of_squares(column, kernel::kLanes); });
    });
    e_.finish();
  }

 private:
  // `height`: rows of the result that exist.
  void column_of_squares(Value* column, std::int64_t height) {
    const std::int64_t whole = from_.rows / kernel::kLanes * kernel::kLanes;
    if (whole > 0) {
      e_.loop(e_.index(0), e_.index(whole), kernel::kLanes, true,
              [&](Value* row) { square(row, column, kernel::kLanes, height); });
    }
    if (from_.rows > whole) square(e_.index(whole), column, from_.rows - whole, height);
  }

  void square(Value* row, Value* column, std::int64_t width, std::int64_t height) {
    Square rows;
    for (std::int64_t i = 0; i < kernel::kLanes; ++i) {
      rows[i] = i < width ? e_.load(e_.vector_type(),
                                    e_.element_address(form_.from, b_.CreateAdd(row, e_.index(i)), column))
                          : llvm::Constant::getNullValue(e_.vector_type());
    }
    rows = transpose(b_, rows);
    for (std::int64_t i = 0; i < height; ++i)
      e_.store(rows[i], e_.element_address(form_.to, b_.CreateAdd(column, e_.index(i)), row));
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::RelayoutKernel& form_;
  const kernel::Buffer& from_;
  const kernel::Buffer& to_;
};

}  // namespace

void emit_relayout(Emitter& emitter, const kernel::RelayoutKernel& form) {
  RelayoutEmitter(emitter, form).run();
}

}  // namespace netc::codegen

#include "compiler/codegen/forms.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kWordBits = 32, kHalfBits = kernel::kLanes;

class NonzeroEmitter {
 public:
  NonzeroEmitter(Emitter& emitter, const kernel::NonzeroKernel& form)
      : e_(emitter), b_(emitter.builder()), form_(form), kernel_(emitter.kernel()) {}

  void run() {
    if (form_.counts) {
      Value* first = e_.tile_begin(e_.begin(), kernel_.rows, kernel_.tiles);
      Value* last = e_.tile_begin(e_.end(), kernel_.rows, kernel_.tiles);
      e_.loop(first, last, 1, true, [&](Value* row) { mark_row(row); });
    } else {
      e_.loop(e_.begin(), e_.end(), 1, true, [&](Value* block) { mark_columns(block); });
    }
    e_.finish();
  }

 private:
  // The 16 bits of a vector of the row, of which the first `count` columns exist.
  Value* half(Value* row, Value* column, std::int64_t count) {
    Value* vector = e_.load(e_.vector_type(), e_.element_address(form_.from, row, column));
    Value* bits = b_.CreateBitCast(b_.CreateFCmpUNE(vector, llvm::Constant::getNullValue(e_.vector_type())),
                                   b_.getInt16Ty());
    if (count < kHalfBits) bits = b_.CreateAnd(bits, (1 << count) - 1);
    return b_.CreateZExt(bits, b_.getInt32Ty());
  }

  // The word of up to 32 columns from `column` on; the row's count with its bits.
  Value* mark_word(Value* row, Value* column, std::int64_t columns, Value* count) {
    Value* bits = half(row, column, std::min(columns, kHalfBits));
    if (columns > kHalfBits) {
      Value* upper = half(row, b_.CreateAdd(column, e_.index(kHalfBits)), columns - kHalfBits);
      bits = b_.CreateOr(bits, b_.CreateShl(upper, kHalfBits));
    }
    const std::int64_t words = e_.plan().buffer(form_.words).layout.row_stride;
    Value* place = b_.CreateUDiv(column, e_.index(kWordBits));
    e_.store(bits, e_.advance(e_.advance(e_.base(form_.words), row, words * 4), place));
    return b_.CreateAdd(count, b_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits));
  }

  void mark_row(Value* row) {
    Value* count = b_.getInt32(0);
    const std::int64_t whole = kernel_.columns / kWordBits * kWordBits;
    if (whole > 0) {
      count = e_.reduce_loop(e_.index(0), e_.index(whole), kWordBits, {count},
                             [&](Value* column, const std::vector<Value*>& carried) {
                               return std::vector<Value*>{mark_word(row, column, kWordBits, carried[0])};
                             })[0];
    }
    if (kernel_.columns > whole) count = mark_word(row, e_.index(whole), kernel_.columns - whole, count);
    e_.store(count, e_.advance(e_.base(*form_.counts), row));
  }

  // The words of 16 columns, for 32 rows after another.
  void mark_columns(Value* block) {
    const std::int64_t whole = kernel_.rows / kWordBits;
    e_.loop(e_.index(0), e_.index(whole), 1, false,
            [&](Value* group) { mark_group(block, group, kWordBits); });
    if (kernel_.rows % kWordBits > 0) mark_group(block, e_.index(whole), kernel_.rows % kWordBits);
  }

  void mark_group(Value* block, Value* group, std::int64_t rows) {
    llvm::Type* type = llvm::FixedVectorType::get(b_.getInt32Ty(), kernel::kLanes);
    llvm::Type* mask = llvm::FixedVectorType::get(b_.getInt1Ty(), kernel::kLanes);
    Value* zero = llvm::Constant::getNullValue(type);
    const kernel::Buffer& from = e_.plan().buffer(form_.from);
    const kernel::Buffer& words = e_.plan().buffer(form_.words);
    Value* first = e_.advance(e_.advance(e_.base(form_.from), block, 2), e_.times(group, kWordBits),
                              from.layout.row_stride * 4);
    Value* bits = zero;
    for (std::int64_t row = 0; row < rows; ++row) {
      Value* of_row = e_.load(b_.getInt16Ty(), e_.advance(first, row * from.layout.row_stride * 4));
      Value* bit = llvm::ConstantInt::get(type, std::uint64_t{1} << row);
      bits = b_.CreateOr(bits, b_.CreateSelect(b_.CreateBitCast(of_row, mask), bit, zero));
    }
    e_.store(bits, e_.advance(e_.advance(e_.base(form_.words), e_.times(block, kernel::kLanes)), group,
                              words.layout.row_stride * 4));
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::NonzeroKernel& form_;
  const kernel::Kernel& kernel_;
};

}  // namespace

void emit_nonzero(Emitter& emitter, const kernel::NonzeroKernel& form) {
  NonzeroEmitter(emitter, form).run();
}

}  // namespace netc::codegen

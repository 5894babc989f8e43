#include "compiler/codegen/forms.h"
#include "compiler/codegen/stores.h"

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr std::int64_t kTogether = 4;  // blocks summed side by side: a sum alone waits for its own latency
constexpr std::int64_t kUnroll = 4;

class ColumnsEmitter {
 public:
  ColumnsEmitter(Emitter& emitter, const kernel::ColumnsKernel& form)
      : e_(emitter),
        b_(emitter.builder()),
        kernel_(emitter.kernel()),
        operand_(kernel_.body.operands[form.operand]),
        scalars_(emitter) {}

  void run() {
    Value* count = b_.CreateSub(e_.end(), e_.begin());
    Value* middle = b_.CreateAdd(e_.begin(), b_.CreateAnd(count, e_.index(-kTogether)));
    if (kernel_.tiles >= kTogether)
      e_.loop(e_.begin(), middle, kTogether, false, [&](Value* block) { blocks(block, kTogether); });
    else middle = e_.begin();
    e_.loop(middle, e_.end(), 1, false, [&](Value* block) { blocks(block, 1); });
    e_.finish();
  }

 private:
  void blocks(Value* block, std::int64_t count) {
    std::vector<Value*> sums(count, llvm::Constant::getNullValue(e_.vector_type()));
    const std::int64_t whole = kernel_.rows / kUnroll * kUnroll;
    if (whole > 0) {
      sums = e_.reduce_loop(e_.index(0), e_.index(whole), kUnroll, sums,
                            [&](Value* row, std::vector<Value*> carried) {
                              for (std::int64_t u = 0; u < kUnroll; ++u)
                                add_row(b_.CreateAdd(row, e_.index(u)), block, carried);
                              return carried;
                            });
    }
    for (std::int64_t row = whole; row < kernel_.rows; ++row) add_row(e_.index(row), block, sums);
    for (std::int64_t j = 0; j < count; ++j) finish_block(block, j, sums[j]);
  }

  void enter(Value* row, Value* block, std::int64_t j) {
    scalars_.enter_row(row);
    scalars_.enter_block(e_.times(b_.CreateAdd(block, e_.index(j)), kernel::kLanes));
  }

  void add_row(Value* row, Value* block, std::vector<Value*>& sums) {
    for (std::size_t j = 0; j < sums.size(); ++j) {
      enter(row, block, static_cast<std::int64_t>(j));
      sums[j] = b_.CreateFAdd(sums[j], scalars_.operand(operand_));
    }
  }

  void finish_block(Value* block, std::int64_t j, Value* sum) {
    enter(e_.index(0), block, j);
    scalars_.set_accumulator(sum);
    Stores stores(e_, scalars_);
    for (const kernel::Statement& statement : kernel_.body.statements)
      stores.add(statement, scalars_.value(statement.root));
    stores.emit();
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::Kernel& kernel_;
  const kernel::Operand& operand_;
  ScalarEmitter scalars_;
};

}  // namespace

void emit_columns(Emitter& emitter, const kernel::ColumnsKernel& form) {
  ColumnsEmitter(emitter, form).run();
}

}  // namespace netc::codegen

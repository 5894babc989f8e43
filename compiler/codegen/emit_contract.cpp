#include "compiler/codegen/forms.h"
#include "compiler/codegen/scalar_emitter.h"
#include "compiler/codegen/stores.h"

namespace netc::codegen {

using kernel::ContractKernel;
using llvm::Value;

namespace {

// A register tile keeps its sums in vectors carried round the loop over k: b is loaded once a k and shared by
// all rows, a is broadcast.
class ContractEmitter {
 public:
  ContractEmitter(Emitter& emitter, const ContractKernel& form)
      : e_(emitter), b_(emitter.builder()), form_(form), kernel_(emitter.kernel()), scalars_(emitter) {
    const bool by_rows = kernel_.parallel == kernel::Axis::kRows;
    row_tiles_ = by_rows ? kernel_.tiles : (kernel_.rows + form.row_tile - 1) / form.row_tile;
    column_tiles_ = kernel::blocks_of(kernel_.columns) / form.block_tile;
  }

  void run() {
    const bool by_rows = kernel_.parallel == kernel::Axis::kRows;
    e_.loop(e_.begin(), e_.end(), 1, false, [&](Value* outer) {
      Value* inner_tiles = e_.index(by_rows ? column_tiles_ : row_tiles_);
      e_.loop(e_.index(0), inner_tiles, 1, true,
              [&](Value* inner) { by_rows ? tile(outer, inner) : tile(inner, outer); });
    });
    e_.finish();
  }

 private:
  // Balanced tiles have two heights at most, so two bodies.
  void tile(Value* row_tile, Value* column_tile) {
    const std::int64_t height = kernel_.rows / row_tiles_, higher = kernel_.rows % row_tiles_;
    Value* row = e_.tile_begin(row_tile, kernel_.rows, row_tiles_);
    Value* block = e_.times(column_tile, form_.block_tile);
    if (higher == 0) return body(row, block, height);
    e_.branch(
        b_.CreateICmpSLT(row_tile, e_.index(higher)), [&] { body(row, block, height + 1); },
        [&] { body(row, block, height); });
  }

  void body(Value* row, Value* block, std::int64_t height) {
    Value* a = e_.advance(e_.base(form_.a), row, form_.a_row_stride * 4);
    Value* b = e_.advance(e_.base(form_.b), block, form_.b_block_stride * 4);
    std::vector<Value*> sums(height * form_.block_tile, llvm::Constant::getNullValue(e_.vector_type()));
    const std::int64_t whole = form_.k / form_.unroll * form_.unroll;
    if (whole > 0) {
      sums = e_.reduce_loop(e_.index(0), e_.index(whole), form_.unroll, sums,
                            [&](Value* k, std::vector<Value*> carried) {
                              Value* a_k = e_.advance(a, k, form_.a_k_stride * 4);
                              Value* b_k = e_.advance(b, k, form_.b_k_stride * 4);
                              for (std::int64_t u = 0; u < form_.unroll; ++u)
                                multiply_add(a_k, b_k, u, height, carried);
                              return carried;
                            });
    }
    for (std::int64_t k = whole; k < form_.k; ++k) multiply_add(a, b, k, height, sums);
    epilogue(row, block, height, sums);
  }

  // The k-th product, counted from a and b.
  void multiply_add(Value* a, Value* b, std::int64_t k, std::int64_t height, std::vector<Value*>& sums) {
    std::vector<Value*> row_of_b;
    for (std::int64_t j = 0; j < form_.block_tile; ++j) {
      row_of_b.push_back(
          e_.load(e_.vector_type(), e_.advance(b, (k * form_.b_k_stride + j * form_.b_block_stride) * 4)));
    }
    for (std::int64_t r = 0; r < height; ++r) {
      Value* element =
          e_.load(b_.getFloatTy(), e_.advance(a, (r * form_.a_row_stride + k * form_.a_k_stride) * 4));
      Value* splat = scalars_.widen(element);
      for (std::int64_t j = 0; j < form_.block_tile; ++j) {
        Value*& sum = sums[r * form_.block_tile + j];
        sum = scalars_.math().fma(splat, row_of_b[j], sum);
      }
    }
  }

  void epilogue(Value* row, Value* block, std::int64_t height, const std::vector<Value*>& sums) {
    for (std::int64_t r = 0; r < height; ++r) {
      scalars_.enter_row(b_.CreateAdd(row, e_.index(r)));
      for (std::int64_t j = 0; j < form_.block_tile; ++j) {
        scalars_.enter_block(e_.times(b_.CreateAdd(block, e_.index(j)), kernel::kLanes));
        scalars_.set_accumulator(sums[r * form_.block_tile + j]);
        Stores stores(e_, scalars_);
        for (const kernel::Statement& statement : kernel_.body.statements)
          stores.add(statement, scalars_.value(statement.root));
        stores.emit();
      }
    }
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const ContractKernel& form_;
  const kernel::Kernel& kernel_;
  ScalarEmitter scalars_;
  std::int64_t row_tiles_ = 1, column_tiles_ = 1;
};

}  // namespace

void emit_contract(Emitter& emitter, const ContractKernel& form) { ContractEmitter(emitter, form).run(); }

}  // namespace netc::codegen

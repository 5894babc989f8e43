#include <algorithm>
#include <span>

#include "compiler/codegen/forms.h"
#include "compiler/codegen/row_reduction.h"
#include "compiler/codegen/stores.h"

namespace netc::codegen {

using kernel::Statement;
using llvm::Value;

namespace {

// Statements go over the row together as far as none needs the result of a reduction among them: each such
// batch is one loop over blocks. What updates parameters and state in place comes in a last batch of its own,
// since a reduction or a later pass may read the old values.
class RowsEmitter {
 public:
  explicit RowsEmitter(Emitter& emitter)
      : e_(emitter),
        b_(emitter.builder()),
        kernel_(emitter.kernel()),
        scalars_(emitter),
        blocks_(kernel::blocks_of(kernel_.columns)) {}

  void run() {
    if (kernel_.parallel == kernel::Axis::kColumns) {
      e_.loop(e_.begin(), e_.end(), 1, false, [&](Value* block) {
        scalars_.enter_row(e_.index(0));
        element_statements(all_statements(), e_.times(block, kernel::kLanes));
      });
    } else {
      Value* first = e_.tile_begin(e_.begin(), kernel_.rows, kernel_.tiles);
      Value* last = e_.tile_begin(e_.end(), kernel_.rows, kernel_.tiles);
      e_.loop(first, last, 1, false, [&](Value* row) { emit_row(row); });
    }
    e_.finish();
  }

 private:
  using Numbers = std::vector<std::uint32_t>;

  Numbers all_statements() const {
    Numbers numbers;
    for (std::uint32_t i = 0; i < kernel_.body.statements.size(); ++i) numbers.push_back(i);
    return numbers;
  }

  const Statement& statement(std::uint32_t number) const { return kernel_.body.statements[number]; }

  // Samples lie anywhere in the data set: the hardware does not foresee the next one, but its number is
  // known.
  void fetch_ahead(Value* row) {
    constexpr std::int64_t kRowsAhead = 4, kLine = 64, kMostLines = 32;
    for (const kernel::Operand& operand : kernel_.body.operands) {
      const bool of_samples = operand.kind == kernel::Operand::Kind::kElement &&
                              e_.plan().buffer(operand.buffer).storage == kernel::Storage::kSamples;
      if (!of_samples) continue;
      Value* address = e_.sample_address(operand.buffer, b_.CreateAdd(row, e_.index(kRowsAhead)));
      const std::int64_t lines = std::min((kernel_.columns + kLine - 1) / kLine, kMostLines);
      for (std::int64_t line = 0; line < lines; ++line) {
        b_.CreateIntrinsic(
            llvm::Intrinsic::prefetch, {b_.getPtrTy()},
            {e_.advance(address, line * kLine), b_.getInt32(0), b_.getInt32(3), b_.getInt32(1)});
      }
    }
  }

  void emit_row(Value* row) {
    fetch_ahead(row);
    scalars_.enter_row(row);
    entered_ = nullptr;
    Numbers batch;
    Numbers updates;
    for (std::uint32_t number : all_statements()) {
      if (updates_in_place(number)) {
        updates.push_back(number);
        continue;
      }
      const bool of_row = statement(number).kind == Statement::Kind::kMap &&
                          statement(number).extent == Statement::Extent::kRow;
      if (of_row || needs_result_of(statement(number).root, batch)) emit_batch(batch);
      if (of_row) {
        Stores stores(e_, scalars_);
        stores.add(statement(number), scalars_.value(statement(number).root));
        stores.emit();
      } else {
        batch.push_back(number);
      }
    }
    emit_batch(batch);
    emit_updates(updates);
  }

  bool updates_in_place(std::uint32_t number) const {
    const auto& store = statement(number).store;
    return store && e_.plan().buffer(*store).storage == kernel::Storage::kPersistent;
  }

  // Values of the row and elements alike are computed before any is stored.
  void emit_updates(Numbers& updates) {
    Stores of_row(e_, scalars_);
    Numbers of_elements;
    for (std::uint32_t number : updates) {
      if (statement(number).extent == Statement::Extent::kRow) {
        of_row.add(statement(number), scalars_.value(statement(number).root));
      } else {
        of_elements.push_back(number);
      }
    }
    emit_batch(of_elements);
    of_row.emit();
  }

  bool needs_result_of(kernel::ScalarId root, const Numbers& batch) const {
    const kernel::ScalarPool& pool = kernel_.body.pool;
    std::vector<bool> needs(root + 1);
    for (kernel::ScalarId id = 0; id <= root; ++id) {
      const graph::ScalarNode& node = pool[id];
      if (node.op == graph::ScalarOp::kOperand) {
        const kernel::Operand& operand = kernel_.body.operands[node.operand];
        needs[id] = operand.kind == kernel::Operand::Kind::kStatement &&
                    std::find(batch.begin(), batch.end(), operand.number) != batch.end();
      }
      for (int i = 0; i < arity(node.op); ++i) needs[id] = needs[id] || needs[node.args[i]];
    }
    return needs[root];
  }

  // Empties the batch.
  void emit_batch(Numbers& batch) {
    if (batch.empty()) return;
    std::vector<RowReduction> reductions;
    std::vector<Value*> carried;
    for (std::uint32_t number : batch) {
      if (statement(number).kind == Statement::Kind::kMap) continue;
      reductions.emplace_back(e_, scalars_, statement(number), number);
      for (Value* start : reductions.back().start()) carried.push_back(start);
    }
    auto body = [&](Value* column, std::vector<Value*> values) {
      element_statements(batch, column);
      std::vector<Value*> next;
      auto present = values.begin();
      for (RowReduction& reduction : reductions) {
        for (Value* value : reduction.step(std::span(present, present + reduction.width())))
          next.push_back(value);
        present += reduction.width();
      }
      return next;
    };
    std::vector<Value*> results =
        blocks_ == 1
            ? body(e_.index(0), carried)
            : e_.reduce_loop(e_.index(0), e_.index(blocks_ * kernel::kLanes), kernel::kLanes, carried, body);
    auto present = results.begin();
    for (RowReduction& reduction : reductions) {
      scalars_.set_statement(reduction.number(),
                             reduction.finish(std::span(present, present + reduction.width())));
      present += reduction.width();
    }
    batch.clear();
  }

  void element_statements(const Numbers& numbers, Value* column) {
    if (column != entered_) scalars_.enter_block(column);
    // Values of a row's only block serve all batches.
    entered_ = blocks_ == 1 ? column : nullptr;
    Stores stores(e_, scalars_);
    for (std::uint32_t number : numbers) {
      if (statement(number).kind == Statement::Kind::kMap)
        stores.add(statement(number), scalars_.value(statement(number).root));
    }
    stores.emit();
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::Kernel& kernel_;
  ScalarEmitter scalars_;
  std::int64_t blocks_;
  Value* entered_ = nullptr;  // the block whose values are still known
};

}  // namespace

void emit_rows(Emitter& emitter) { RowsEmitter(emitter).run(); }

}  // namespace netc::codegen

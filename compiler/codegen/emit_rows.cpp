#include <algorithm>
#include <deque>
#include <span>

#include "compiler/codegen/forms.h"
#include "compiler/codegen/row_reduction.h"
#include "compiler/codegen/stores.h"
#include "compiler/codegen/window_reduction.h"

namespace netc::codegen {

using kernel::Statement;
using llvm::Value;

namespace {

// Statements go over the row together as far as none needs the result of a reduction among them: each such
// batch is one loop over blocks. What updates parameters and state in place comes in a last batch of its own,
// since a reduction or a later pass may read the old values.
//
// Short rows are a chain of reductions, each waiting for the one before: two rows side by side take hardly
// longer than one.
class RowsEmitter {
 public:
  explicit RowsEmitter(Emitter& emitter)
      : e_(emitter),
        b_(emitter.builder()),
        kernel_(emitter.kernel()),
        blocks_(kernel::blocks_of(kernel_.columns)) {
    for (int i = 0; i < (is_chain() ? 2 : 1); ++i) rows_.push_back({ScalarEmitter(emitter)});
  }

  void run() {
    if (kernel_.parallel == kernel::Axis::kColumns) {
      e_.loop(e_.begin(), e_.end(), 1, false, [&](Value* block) {
        rows_[0].scalars.enter_row(e_.index(0));
        element_statements(rows_[0], all_statements(), e_.times(block, kernel::kLanes));
      });
    } else {
      Value* first = e_.tile_begin(e_.begin(), kernel_.rows, kernel_.tiles);
      Value* last = e_.tile_begin(e_.end(), kernel_.rows, kernel_.tiles);
      // The last row may be done twice, with equal results.
      Value* end = b_.CreateSub(last, e_.index(1));
      e_.loop(first, last, static_cast<std::int64_t>(rows_.size()), true, [&](Value* row) {
        rows_[0].enter(row);
        if (rows_.size() > 1) {
          Value* next = b_.CreateAdd(row, e_.index(1));
          rows_[1].enter(b_.CreateSelect(b_.CreateICmpSLT(next, end), next, end));
        }
        emit_rows();
      });
    }
    e_.finish();
  }

 private:
  using Numbers = std::vector<std::uint32_t>;

  // A row that is being computed. Values of its only block serve all batches.
  struct Row {
    ScalarEmitter scalars;
    Value* entered = nullptr;  // the block whose values are still known
    void enter(Value* row) {
      scalars.enter_row(row);
      entered = nullptr;
    }
  };

  bool is_chain() const {
    const std::vector<Statement>& statements = kernel_.body.statements;
    return blocks_ == 1 && kernel_.parallel == kernel::Axis::kRows &&
           std::any_of(statements.begin(), statements.end(),
                       [](const Statement& s) { return is_row_reduction(s); }) &&
           std::none_of(statements.begin(), statements.end(),
                        [&](const Statement& s) { return updates_in_place(s); });
  }

  Numbers all_statements() const {
    Numbers numbers;
    for (std::uint32_t i = 0; i < kernel_.body.statements.size(); ++i) numbers.push_back(i);
    return numbers;
  }

  static bool is_row_reduction(const Statement& statement) {
    return statement.kind != Statement::Kind::kMap && !statement.window;
  }

  const Statement& statement(std::uint32_t number) const { return kernel_.body.statements[number]; }

  // Samples and labels lie anywhere in the data set: the hardware does not foresee the next one, but its
  // number is known.
  void fetch_ahead(Value* row) {
    constexpr std::int64_t kRowsAhead = 4, kLine = 64, kMostLines = 32;
    for (const kernel::Operand& operand : kernel_.body.operands) {
      const bool of_element = operand.kind == kernel::Operand::Kind::kElement;
      if (!of_element && operand.kind != kernel::Operand::Kind::kRow) continue;
      const kernel::Buffer& buffer = e_.plan().buffer(operand.buffer);
      const bool of_data =
          buffer.storage == kernel::Storage::kSamples || buffer.storage == kernel::Storage::kLabels;
      if (!of_data) continue;
      Value* address = e_.sample_address(operand.buffer, b_.CreateAdd(row, e_.index(kRowsAhead)));
      const std::int64_t bytes = (of_element ? kernel_.columns : 1) * kernel::element_bytes(buffer.dtype);
      const std::int64_t lines = std::min((bytes + kLine - 1) / kLine, kMostLines);
      for (std::int64_t line = 0; line < lines; ++line) e_.prefetch(e_.advance(address, line * kLine));
    }
  }

  void emit_rows() {
    for (Row& row : rows_) fetch_ahead(row.scalars.row());
    Numbers batch, updates;
    if (is_one_pass()) {
      batch = all_statements();
      return emit_batch(batch);
    }
    for (std::uint32_t number : all_statements()) {
      if (updates_in_place(statement(number))) {
        updates.push_back(number);
        continue;
      }
      const bool of_row = statement(number).kind == Statement::Kind::kMap &&
                          statement(number).extent == Statement::Extent::kRow;
      if (of_row || needs_result_of(statement(number).root, batch)) emit_batch(batch);
      if (!of_row) {
        batch.push_back(number);
        continue;
      }
      for (Row& row : rows_) {
        Stores stores(e_, row.scalars);
        stores.add(statement(number), row.scalars.value(statement(number).root));
        stores.emit();
      }
    }
    emit_batch(batch);
    emit_updates(updates);
  }

  // Nothing waits for the end of the row.
  bool is_one_pass() const {
    return std::ranges::all_of(kernel_.body.statements, [](const Statement& s) {
      return !is_row_reduction(s) && s.extent == Statement::Extent::kElement;
    });
  }

  bool updates_in_place(const Statement& statement) const {
    return statement.store && e_.plan().buffer(*statement.store).storage == kernel::Storage::kPersistent;
  }

  // Values of the row and elements alike are computed before any is stored.
  void emit_updates(Numbers& updates) {
    if (updates.empty()) return;
    Row& row = rows_[0];
    Stores of_row(e_, row.scalars);
    // In a pass of their own, so windows are gone over again.
    Numbers of_elements;
    for (std::uint32_t number : all_statements()) {
      if (statement(number).window) of_elements.push_back(number);
    }
    for (std::uint32_t number : updates) {
      if (statement(number).extent == Statement::Extent::kRow) {
        of_row.add(statement(number), row.scalars.value(statement(number).root));
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
                    is_row_reduction(statement(operand.number)) &&
                    std::find(batch.begin(), batch.end(), operand.number) != batch.end();
      }
      for (int i = 0; i < arity(node.op); ++i) needs[id] = needs[id] || needs[node.args[i]];
    }
    return needs[root];
  }

  // Empties the batch.
  void emit_batch(Numbers& batch) {
    if (batch.empty()) return;
    for (Row& row : rows_) emit_batch(row, batch);
    batch.clear();
  }

  void emit_batch(Row& row, const Numbers& batch) {
    std::vector<RowReduction> reductions;
    std::vector<Value*> carried;
    for (std::uint32_t number : batch) {
      if (!is_row_reduction(statement(number))) continue;
      reductions.emplace_back(e_, row.scalars, statement(number), number);
      for (Value* start : reductions.back().start()) carried.push_back(start);
    }
    auto body = [&](Value* column, std::vector<Value*> values) {
      element_statements(row, batch, column);
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
      row.scalars.set_statement(reduction.number(),
                                reduction.finish(std::span(present, present + reduction.width())));
      present += reduction.width();
    }
  }

  void element_statements(Row& row, const Numbers& numbers, Value* column) {
    if (column != row.entered) row.scalars.enter_block(column);
    row.entered = blocks_ == 1 ? column : nullptr;
    Stores stores(e_, row.scalars);
    for (std::uint32_t number : numbers) {
      if (is_row_reduction(statement(number))) continue;
      Value* value = nullptr;
      if (statement(number).window) {
        value = WindowReduction(e_, row.scalars, statement(number)).run();
        row.scalars.set_statement(number, value);
      } else {
        value = row.scalars.value(statement(number).root);
      }
      stores.add(statement(number), value);
    }
    stores.emit();
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::Kernel& kernel_;
  std::int64_t blocks_;
  std::deque<Row> rows_;
};

}  // namespace

void emit_rows(Emitter& emitter) { RowsEmitter(emitter).run(); }

}  // namespace netc::codegen

#pragma once
// Code for a kernel's scalar expressions, at one place of its matrix after another.

#include <map>

#include "compiler/codegen/emitter.h"
#include "compiler/codegen/math.h"
#include "compiler/codegen/point_reader.h"

namespace netc::codegen {

// A value is a vector of 16 columns, or a float where it is the same for all columns of a row. Values are
// computed once for each place: `enter_row` and `enter_block` say where the place changes.
class ScalarEmitter {
 public:
  explicit ScalarEmitter(Emitter& emitter, Math::Roots roots = Math::Roots::kDivider);

  void enter_row(llvm::Value* row);
  void enter_block(llvm::Value* column);
  void set_accumulator(llvm::Value* accumulator) { accumulator_ = accumulator; }
  // Statement `number` of this row, or of this element, is known from here on.
  void set_statement(std::uint32_t number, llvm::Value* value);

  // One of the points around the element. What is computed there is forgotten with it.
  struct Place {
    std::map<kernel::ScalarId, llvm::Value*> row_values, block_values;
  };
  Place enter_point(std::vector<llvm::Value*> axes);
  void leave_point(const Place& place);
  // Computes what `root` needs and is the same at all points.
  void settle(kernel::ScalarId root);
  PointReader& points() { return points_; }
  // sum + value(root); a product is fused with the sum.
  llvm::Value* add_to(llvm::Value* sum, kernel::ScalarId root);

  // Does the value depend on the column?
  bool varies(kernel::ScalarId id) const { return varies_[id]; }
  llvm::Value* value(kernel::ScalarId id);
  llvm::Value* vector(kernel::ScalarId id) { return widen(value(id)); }
  llvm::Value* widen(llvm::Value* value);
  // The operand at the present place, as a float or a vector of floats.
  llvm::Value* operand(const kernel::Operand& operand);
  llvm::Value* row() { return row_; }
  llvm::Value* column() { return column_; }
  Math& math() { return math_; }

 private:
  llvm::Value* compute(const graph::ScalarNode& node);
  llvm::Value* as_float(llvm::Value* loaded);
  llvm::Value* condition(kernel::ScalarId id, bool wide);
  llvm::Value* compare(const graph::ScalarNode& node, bool wide);
  llvm::Value* sum(const graph::ScalarNode& node, bool subtract);
  llvm::Value* product_sum(const graph::ScalarNode& product, llvm::Value* addend, bool negate, bool wide);
  llvm::Value* power(const graph::ScalarNode& node);
  llvm::Value* in(kernel::ScalarId id, bool wide) { return wide ? widen(value(id)) : value(id); }
  llvm::Value* column_numbers();

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  Math math_;
  PointReader points_;
  const kernel::Body& body_;
  std::vector<bool> varies_, moves_;
  bool reads_elsewhere_ = false;
  llvm::Value* row_ = nullptr;
  llvm::Value* column_ = nullptr;
  llvm::Value* accumulator_ = nullptr;
  std::map<std::uint32_t, llvm::Value*> row_statements_, statements_;
  // Loaded once, at the function's start; and each of them as a vector.
  std::map<std::uint32_t, llvm::Value*> uniforms_;
  std::map<llvm::Value*, llvm::Value*> wide_uniforms_;
  std::map<kernel::ScalarId, llvm::Value*> row_values_, block_values_;
};

}  // namespace netc::codegen

#pragma once
// Stores at one place of a kernel's matrix, held back until all values of the place are computed: a kernel
// that updates in place reads old values.

#include <utility>
#include <vector>

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

class Stores {
 public:
  Stores(Emitter& emitter, ScalarEmitter& scalars) : e_(emitter), scalars_(scalars) {}

  // `value` is the statement's at the present place.
  void add(const kernel::Statement& statement, llvm::Value* value) {
    if (!statement.store) return;
    pending_.emplace_back(statement.extent == kernel::Statement::Extent::kRow ? value : scalars_.widen(value),
                          address(statement));
  }
  void emit() {
    for (auto [value, pointer] : pending_) e_.store(value, pointer);
    pending_.clear();
  }

 private:
  llvm::Value* address(const kernel::Statement& statement) {
    switch (statement.extent) {
      case kernel::Statement::Extent::kElement:
        return e_.element_address(*statement.store, scalars_.row(), scalars_.column());
      case kernel::Statement::Extent::kRow: return e_.advance(e_.base(*statement.store), scalars_.row());
      case kernel::Statement::Extent::kColumn:
        return e_.advance(e_.base(*statement.store), scalars_.column());
    }
    return nullptr;
  }

  Emitter& e_;
  ScalarEmitter& scalars_;
  std::vector<std::pair<llvm::Value*, llvm::Value*>> pending_;
};

}  // namespace netc::codegen

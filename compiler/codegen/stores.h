#pragma once
// Stores at one place of a kernel's matrix, held back until all values of the place are computed: a kernel
// that updates in place reads old values.

#include <vector>

#include "compiler/codegen/scalar_emitter.h"
#include "compiler/kernel/buffers.h"

namespace netc::codegen {

class Stores {
 public:
  Stores(Emitter& emitter, ScalarEmitter& scalars) : e_(emitter), scalars_(scalars) {}

  // `value` is the statement's at the present place.
  void add(const kernel::Statement& statement, llvm::Value* value) {
    if (!statement.store) return;
    const kernel::Buffer& buffer = e_.plan().buffer(*statement.store);
    if (statement.extent != kernel::Statement::Extent::kRow) value = scalars_.widen(value);
    pending_.push_back({converted(buffer, value), address(statement), mask(buffer, statement),
                        static_cast<std::uint64_t>(kernel::element_bytes(buffer.dtype))});
  }
  void emit() {
    for (const Pending& store : pending_) {
      if (store.mask) {
        e_.builder().CreateMaskedStore(store.value, store.pointer, llvm::Align(store.bytes), store.mask);
      } else {
        e_.store(store.value, store.pointer);
      }
    }
    pending_.clear();
  }

 private:
  struct Pending {
    llvm::Value *value, *pointer, *mask;
    std::uint64_t bytes;
  };

  // In the buffer's type.
  llvm::Value* converted(const kernel::Buffer& buffer, llvm::Value* value) {
    if (buffer.dtype == kernel::DType::kF32) return value;
    llvm::IRBuilder<>& b = e_.builder();
    llvm::Type* whole = value->getType()->getWithNewType(b.getInt32Ty());
    llvm::Type* type =
        buffer.dtype == kernel::DType::kU8 ? value->getType()->getWithNewType(b.getInt8Ty()) : whole;
    return b.CreateTrunc(b.CreateFPToSI(value, whole), type);
  }

  // Dense rows have no room for the lanes beyond the last column.
  llvm::Value* mask(const kernel::Buffer& buffer, const kernel::Statement& statement) {
    const std::int64_t columns = e_.kernel().columns;
    const bool tight = statement.extent == kernel::Statement::Extent::kElement &&
                       kernel::follows(buffer, e_.kernel()) && columns % kernel::kLanes != 0;
    if (!tight) return nullptr;
    llvm::IRBuilder<>& b = e_.builder();
    llvm::SmallVector<llvm::Constant*> lanes;
    for (std::uint32_t lane = 0; lane < kernel::kLanes; ++lane) lanes.push_back(b.getInt32(lane));
    llvm::Value* left = b.CreateTrunc(b.CreateSub(e_.index(columns), scalars_.column()), b.getInt32Ty());
    return b.CreateICmpSLT(llvm::ConstantVector::get(lanes), b.CreateVectorSplat(kernel::kLanes, left));
  }
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
  std::vector<Pending> pending_;
};

}  // namespace netc::codegen

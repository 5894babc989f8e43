#include "compiler/codegen/emitter.h"

#include <algorithm>

#include "compiler/codegen/debug_info.h"
#include "compiler/kernel/buffers.h"
#include "compiler/support/check.h"

namespace netc::codegen {

using kernel::BufferId;
using kernel::DType;
using kernel::Storage;
using llvm::BasicBlock;
using llvm::Value;

Emitter::Emitter(llvm::Module& module, const kernel::Plan& plan, const kernel::Kernel& kernel,
                 bool has_avx512)
    : plan_(plan), kernel_(kernel), has_avx512_(has_avx512), b_(module.getContext()) {
  auto* type =
      llvm::FunctionType::get(b_.getVoidTy(), {b_.getPtrTy(), b_.getInt64Ty(), b_.getInt64Ty()}, false);
  function_ =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, module.getModuleIdentifier(), module);
  function_->getArg(0)->setName("args");
  function_->getArg(1)->setName("begin");
  function_->getArg(2)->setName("end");
  function_->addFnAttr(llvm::Attribute::NoUnwind);
  b_.SetInsertPoint(BasicBlock::Create(module.getContext(), "entry", function_));
  b_.SetCurrentDebugLocation(describe_function(*function_, kernel));
  for (std::size_t i = 0; i < kernel.arguments.size(); ++i) {
    Value* slot = b_.CreateConstInBoundsGEP1_64(b_.getPtrTy(), function_->getArg(0), i);
    bases_.push_back(b_.CreateLoad(b_.getPtrTy(), slot));
  }
}

void Emitter::loop(Value* first, Value* last, std::int64_t step, bool some,
                   const std::function<void(Value*)>& body) {
  BasicBlock* before = b_.GetInsertBlock();
  BasicBlock* head = BasicBlock::Create(b_.getContext(), "loop", function_);
  BasicBlock* after = BasicBlock::Create(b_.getContext(), "after", function_);
  if (some) {
    b_.CreateBr(head);
  } else {
    b_.CreateCondBr(b_.CreateICmpSLT(first, last), head, after);
  }
  b_.SetInsertPoint(head);
  llvm::PHINode* i = b_.CreatePHI(b_.getInt64Ty(), 2, "i");
  i->addIncoming(first, before);
  body(i);
  Value* next = b_.CreateAdd(i, index(step));
  i->addIncoming(next, b_.GetInsertBlock());
  b_.CreateCondBr(b_.CreateICmpSLT(next, last), head, after);
  b_.SetInsertPoint(after);
}

std::vector<Value*> Emitter::reduce_loop(
    Value* first, Value* last, std::int64_t step, std::vector<Value*> carried,
    const std::function<std::vector<Value*>(Value*, std::vector<Value*>)>& body) {
  std::vector<Value*> result;
  loop(first, last, step, true, [&](Value* i) {
    BasicBlock* head = b_.GetInsertBlock();
    BasicBlock* before = llvm::cast<llvm::PHINode>(i)->getIncomingBlock(0);
    std::vector<llvm::PHINode*> phis;
    for (Value* value : carried) {
      phis.push_back(b_.CreatePHI(value->getType(), 2));
      phis.back()->addIncoming(value, before);
    }
    NETC_CHECK(b_.GetInsertBlock() == head, "carried values are the head's");
    result = body(i, {phis.begin(), phis.end()});
    for (std::size_t n = 0; n < phis.size(); ++n) phis[n]->addIncoming(result[n], b_.GetInsertBlock());
  });
  return result;
}

std::vector<Value*> Emitter::reduce_while_not_zero(
    std::vector<Value*> carried, const std::function<std::vector<Value*>(std::vector<Value*>)>& body) {
  BasicBlock* before = b_.GetInsertBlock();
  BasicBlock* head = BasicBlock::Create(b_.getContext(), "while", function_);
  BasicBlock* after = BasicBlock::Create(b_.getContext(), "after", function_);
  auto go_on = [&](Value* last) { b_.CreateCondBr(b_.CreateIsNotNull(last), head, after); };
  auto make_phis = [&] {
    std::vector<Value*> phis;
    for (Value* value : carried) {
      phis.push_back(b_.CreatePHI(value->getType(), 2));
      llvm::cast<llvm::PHINode>(phis.back())->addIncoming(value, before);
    }
    return phis;
  };
  go_on(carried.back());
  b_.SetInsertPoint(head);
  const std::vector<Value*> present = make_phis();
  const std::vector<Value*> next = body(present);
  BasicBlock* end = b_.GetInsertBlock();
  go_on(next.back());
  b_.SetInsertPoint(after);
  std::vector<Value*> results = make_phis();
  for (std::size_t i = 0; i < next.size(); ++i) {
    llvm::cast<llvm::PHINode>(present[i])->addIncoming(next[i], end);
    llvm::cast<llvm::PHINode>(results[i])->addIncoming(next[i], end);
  }
  return results;
}

Value* Emitter::scratch(std::int64_t bytes) {
  BasicBlock& entry = function_->getEntryBlock();
  llvm::IRBuilder<> at_entry(&entry, entry.begin());
  llvm::AllocaInst* memory =
      at_entry.CreateAlloca(llvm::ArrayType::get(b_.getInt8Ty(), static_cast<std::uint64_t>(bytes)));
  memory->setAlignment(llvm::Align(64));
  return memory;
}

Value* Emitter::zeros() {
  constexpr const char* kName = "zeros";
  llvm::Module& module = *function_->getParent();
  if (llvm::GlobalVariable* known = module.getNamedGlobal(kName)) return known;
  auto* memory = new llvm::GlobalVariable(module, vector_type(), true, llvm::GlobalValue::InternalLinkage,
                                          llvm::Constant::getNullValue(vector_type()), kName);
  memory->setAlignment(llvm::Align(64));
  return memory;
}

void Emitter::branch(Value* condition, const std::function<void()>& then,
                     const std::function<void()>& otherwise) {
  BasicBlock* yes = BasicBlock::Create(b_.getContext(), "then", function_);
  BasicBlock* no = BasicBlock::Create(b_.getContext(), "else", function_);
  BasicBlock* after = BasicBlock::Create(b_.getContext(), "after", function_);
  b_.CreateCondBr(condition, yes, no);
  b_.SetInsertPoint(yes);
  then();
  b_.CreateBr(after);
  b_.SetInsertPoint(no);
  otherwise();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

std::vector<Value*> Emitter::where(Value* condition, std::vector<Value*> values,
                                   const std::function<std::vector<Value*>(std::vector<Value*>)>& then) {
  BasicBlock* before = b_.GetInsertBlock();
  BasicBlock* yes = BasicBlock::Create(b_.getContext(), "where", function_);
  BasicBlock* after = BasicBlock::Create(b_.getContext(), "after", function_);
  b_.CreateCondBr(condition, yes, after);
  b_.SetInsertPoint(yes);
  const std::vector<Value*> next = then(values);
  BasicBlock* end = b_.GetInsertBlock();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
  for (std::size_t i = 0; i < values.size(); ++i) {
    llvm::PHINode* phi = b_.CreatePHI(values[i]->getType(), 2);
    phi->addIncoming(values[i], before);
    phi->addIncoming(next[i], end);
    values[i] = phi;
  }
  return values;
}

Value* Emitter::base(BufferId id) {
  auto found = std::find(kernel_.arguments.begin(), kernel_.arguments.end(), id);
  NETC_CHECK(found != kernel_.arguments.end(), "a kernel touches its arguments alone");
  return bases_[found - kernel_.arguments.begin()];
}

Value* Emitter::times(Value* value, std::int64_t factor) {
  if (auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value))
    return index(constant->getSExtValue() * factor);
  return factor == 1 ? value : b_.CreateMul(value, index(factor));
}

Value* Emitter::advance(Value* pointer, Value* elements, std::int64_t element_bytes) {
  return b_.CreateGEP(b_.getInt8Ty(), pointer, times(elements, element_bytes));
}

Value* Emitter::advance(Value* pointer, std::int64_t bytes) {
  return bytes == 0 ? pointer : b_.CreateGEP(b_.getInt8Ty(), pointer, index(bytes));
}

namespace {

// Divisions without a sign are shorter.
constexpr std::int64_t kShift = 1 << 20;

}  // namespace

Value* Emitter::quotient(Value* value, std::int64_t divisor) {
  if (divisor == 1) return value;
  Value* shifted = b_.CreateAdd(value, index(kShift * divisor));
  return b_.CreateSub(b_.CreateUDiv(shifted, index(divisor)), index(kShift));
}

Value* Emitter::remainder(Value* value, std::int64_t divisor) {
  return b_.CreateURem(b_.CreateAdd(value, index(kShift * divisor)), index(divisor));
}

llvm::Type* Emitter::element_type(BufferId id) {
  switch (plan_.buffer(id).dtype) {
    case DType::kU8: return b_.getInt8Ty();
    case DType::kI32: return b_.getInt32Ty();
    case DType::kF32: return b_.getFloatTy();
  }
  return nullptr;
}

Value* Emitter::load(llvm::Type* type, Value* pointer) {
  return b_.CreateAlignedLoad(type, pointer, llvm::Align(type->getScalarSizeInBits() / 8));
}
void Emitter::store(Value* value, Value* pointer) {
  b_.CreateAlignedStore(value, pointer, llvm::Align(value->getType()->getScalarSizeInBits() / 8));
}

void Emitter::prefetch(Value* pointer, int level) { prefetch(pointer, level, 0); }

void Emitter::prefetch_to_write(Value* pointer) { prefetch(pointer, 1, 1); }

void Emitter::prefetch(Value* pointer, int level, std::uint32_t write) {
  constexpr int kNearest = 4, kData = 1;
  b_.CreateIntrinsic(llvm::Intrinsic::prefetch, {b_.getPtrTy()},
                     {pointer, b_.getInt32(write), b_.getInt32(static_cast<std::uint32_t>(kNearest - level)),
                      b_.getInt32(kData)});
}

Value* Emitter::sample_address(BufferId id, Value* row) {
  const kernel::Buffer& buffer = plan_.buffer(id);
  // runtime::BatchRows: the data set's first byte, then the step's list of samples.
  Value* data = b_.CreateLoad(b_.getPtrTy(), base(id));
  Value* samples = b_.CreateLoad(b_.getPtrTy(), advance(base(id), 8));
  Value* sample = b_.CreateSExt(load(b_.getInt32Ty(), advance(samples, row)), b_.getInt64Ty());
  return advance(data, sample, buffer.layout.row_stride * kernel::element_bytes(buffer.dtype));
}

Value* Emitter::element_address(BufferId id, Value* row, Value* column) {
  const kernel::Buffer& buffer = plan_.buffer(id);
  const std::int64_t bytes = kernel::element_bytes(buffer.dtype);
  if (buffer.storage == Storage::kSamples || buffer.storage == Storage::kLabels)
    return advance(sample_address(id, row), column, bytes);
  Value* pointer = advance(base(id), row, kernel::row_stride(buffer, kernel_) * bytes);
  const std::int64_t block_stride = buffer.layout.block_stride;
  if (block_stride % kernel::kLanes == 0)
    return advance(pointer, column, block_stride / kernel::kLanes * bytes);
  return advance(pointer, b_.CreateUDiv(column, index(kernel::kLanes)), block_stride * bytes);
}

Value* Emitter::tile_begin(Value* tile, std::int64_t extent, std::int64_t tiles) {
  const std::int64_t q = extent / tiles, a = extent % tiles;
  Value* begin = times(tile, q);
  if (a == 0) return begin;
  return b_.CreateAdd(begin, b_.CreateSelect(b_.CreateICmpSLT(tile, index(a)), tile, index(a)));
}

Value* Emitter::tile_size(Value* tile, std::int64_t extent, std::int64_t tiles) {
  const std::int64_t q = extent / tiles, a = extent % tiles;
  if (a == 0) return index(q);
  return b_.CreateSelect(b_.CreateICmpSLT(tile, index(a)), index(q + 1), index(q));
}

void Emitter::balanced(Value* tile, std::int64_t extent, std::int64_t tiles,
                       const std::function<void(std::int64_t)>& body) {
  const std::int64_t size = extent / tiles, larger = extent % tiles;
  if (larger == 0) return body(size);
  branch(b_.CreateICmpSLT(tile, index(larger)), [&] { body(size + 1); }, [&] { body(size); });
}

std::string symbol(const kernel::Kernel& kernel, std::size_t number) {
  std::string name = kernel.name + "." + std::to_string(number);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.') c = '_';
  }
  return name;
}

}  // namespace netc::codegen

#include "compiler/codegen/forms.h"
#include "compiler/codegen/scalar_emitter.h"
#include "runtime/philox.h"

namespace netc::codegen {

using llvm::Value;

namespace {

// Philox on 16 blocks at a time: they hold 64 neighbouring elements (runtime/philox.h).
class RandomEmitter {
 public:
  RandomEmitter(Emitter& emitter, const kernel::RandomKernel& form)
      : e_(emitter), b_(emitter.builder()), form_(form) {}

  void run() {
    Value* head = e_.base(e_.plan().uniforms_buffer);
    step_ = splat(e_.load(b_.getInt32Ty(), head));
    key0_ = splat(e_.load(b_.getInt32Ty(), e_.advance(head, 4)));
    key1_ = splat(e_.load(b_.getInt32Ty(), e_.advance(head, 8)));
    e_.loop(e_.begin(), e_.end(), 1, false, [&](Value* group) { emit_group(group); });
    e_.finish();
  }

 private:
  static constexpr int kWords = 4;
  using Words = std::array<Value*, kWords>;

  Value* splat(Value* value) { return b_.CreateVectorSplat(kernel::kLanes, value); }
  Value* number(std::uint32_t value) { return splat(b_.getInt32(value)); }

  void emit_group(Value* group) {
    std::vector<llvm::Constant*> lanes;
    for (int i = 0; i < kernel::kLanes; ++i) lanes.push_back(b_.getInt32(i));
    Value* first = b_.CreateMul(b_.CreateTrunc(group, b_.getInt32Ty()), b_.getInt32(kernel::kLanes));
    Words words{b_.CreateAdd(splat(first), llvm::ConstantVector::get(lanes)), step_,
                number(static_cast<std::uint32_t>(form_.stream)),
                number(static_cast<std::uint32_t>(form_.stream >> 32))};
    words = philox(words);
    for (int w = 0; w < kWords; ++w) {
      Value* unit = b_.CreateFMul(b_.CreateUIToFP(b_.CreateLShr(words[w], 8), e_.vector_type()),
                                  llvm::ConstantFP::get(e_.vector_type(), 0x1p-24));
      e_.store(unit, e_.advance(e_.advance(e_.base(form_.result), group, 64 * 4), w * kernel::kLanes * 4));
    }
  }

  Words philox(Words counter) {
    Value* key0 = key0_;
    Value* key1 = key1_;
    for (int round = 0; round < runtime::kPhiloxRounds; ++round) {
      auto [high0, low0] = product(counter[0], runtime::kPhiloxM0);
      auto [high1, low1] = product(counter[2], runtime::kPhiloxM1);
      counter = {b_.CreateXor(b_.CreateXor(high1, counter[1]), key0), low1,
                 b_.CreateXor(b_.CreateXor(high0, counter[3]), key1), low0};
      key0 = b_.CreateAdd(key0, number(runtime::kPhiloxW0));
      key1 = b_.CreateAdd(key1, number(runtime::kPhiloxW1));
    }
    return counter;
  }

  // 32 x 32 -> 64 bits, as high and low words.
  std::pair<Value*, Value*> product(Value* a, std::uint32_t factor) {
    llvm::Type* wide = llvm::FixedVectorType::get(b_.getInt64Ty(), kernel::kLanes);
    Value* whole = b_.CreateMul(b_.CreateZExt(a, wide), llvm::ConstantInt::get(wide, factor));
    return {b_.CreateTrunc(b_.CreateLShr(whole, 32), a->getType()), b_.CreateTrunc(whole, a->getType())};
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::RandomKernel& form_;
  Value *step_ = nullptr, *key0_ = nullptr, *key1_ = nullptr;
};

}  // namespace

void emit_random(Emitter& emitter, const kernel::RandomKernel& form) { RandomEmitter(emitter, form).run(); }

}  // namespace netc::codegen

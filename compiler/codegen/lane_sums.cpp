#include "compiler/codegen/lane_sums.h"

#include <array>

namespace netc::codegen {

using llvm::Value;

namespace {

constexpr int kLanes = static_cast<int>(kernel::kLanes);

// Adds the two halves of each group of 2 * `half` lanes. In the lower half of a group the result is a's, in
// the upper one b's.
Value* add_halves(llvm::IRBuilder<>& builder, Value* a, Value* b, int half) {
  llvm::SmallVector<int> own, other;
  for (int lane = 0; lane < kLanes; ++lane) {
    const bool upper = (lane & half) != 0;
    own.push_back(upper ? kLanes + lane : lane);
    other.push_back(upper ? kLanes + (lane ^ half) : lane ^ half);
  }
  return builder.CreateFAdd(builder.CreateShuffleVector(a, b, own), builder.CreateShuffleVector(a, b, other));
}

int reversed_bits(int lane) { return (lane & 1) << 3 | (lane & 2) << 1 | (lane & 4) >> 1 | (lane & 8) >> 3; }

}  // namespace

// Neighbouring vectors meet first, so that few of them take few steps; then the lanes come out with their
// numbers' bits reversed.
Value* lane_sums(llvm::IRBuilder<>& builder, std::span<Value* const> vectors) {
  std::array<Value*, kLanes> open{};
  std::copy(vectors.begin(), vectors.end(), open.begin());
  Value* zero = llvm::Constant::getNullValue(vectors[0]->getType());
  for (int half = kLanes / 2, count = kLanes; half > 0; half /= 2, count /= 2) {
    for (int i = 0; i < count / 2; ++i) {
      Value *a = open[2 * i], *b = open[2 * i + 1];
      open[i] = a ? add_halves(builder, a, b ? b : zero, half) : nullptr;
    }
  }
  llvm::SmallVector<int> order;
  for (int lane = 0; lane < kLanes; ++lane) order.push_back(reversed_bits(lane));
  return builder.CreateShuffleVector(open[0], order);
}

}  // namespace netc::codegen

// Compiled once for each width of vectors, with NETC_FLOATS floats to a vector and the name NETC_LOOPS for
// the result. No other header than its own: what it compiles may not run on every machine.

#include "tests/bench/loops.h"

namespace netc::bench {
namespace {

using Vector [[gnu::vector_size(4 * NETC_FLOATS)]] = float;

// So that the compiler has to take a value as it is, in a register.
void keep(Vector& value) { asm volatile("" : "+x"(value)); }

float multiply_add(std::int64_t rounds) {
  Vector sums[kSums], factor = Vector{} + 0.999F, addend = Vector{} + 0.001F;
  for (Vector& sum : sums) sum = addend;
  for (std::int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * factor + addend;
  }
  for (Vector& sum : sums) keep(sum);
  return sums[0][0];
}

// Four streams side by side: the hardware fetches ahead for each of them.
float read(const float* data, std::int64_t count) {
  const auto* vectors = reinterpret_cast<const Vector*>(data);
  const std::int64_t stream = count / NETC_FLOATS / 4;
  Vector sums[8] = {};
  for (std::int64_t i = 0; i < stream; i += 2) {
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) sums[j] += vectors[j / 2 * stream + i + j % 2];
  }
  for (Vector& sum : sums) keep(sum);
  return sums[0][0];
}

void write(float* data, std::int64_t count) {
  auto* vectors = reinterpret_cast<Vector*>(data);
  Vector value = {};
  keep(value);  // else this is memset, which may go round the caches
  for (std::int64_t i = 0; i < count / NETC_FLOATS; i += 8) {
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) vectors[i + j] = value;
    asm volatile("" ::: "memory");
  }
}

void update(float* data, std::int64_t count) {
  auto* vectors = reinterpret_cast<Vector*>(data);
  Vector value = {};
  keep(value);
  for (std::int64_t i = 0; i < count / NETC_FLOATS; i += 8) {
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) vectors[i + j] += value;
  }
}

}  // namespace

extern const Loops NETC_LOOPS;
const Loops NETC_LOOPS{multiply_add, read, write, update};

}  // namespace netc::bench

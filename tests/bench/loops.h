#pragma once
// Loops that do nothing but use a limit of the machine: multiply-adds in registers, or memory. One set for
// each width of vectors.

#include <cstdint>

namespace netc::bench {

struct Loops {
  // `rounds` times kSums multiply-adds of one vector each, which do not wait for one another.
  float (*multiply_add)(std::int64_t rounds);
  // All of [data, data + count); count is a multiple of 128, data that of a cache line.
  float (*read)(const float* data, std::int64_t count);
  void (*write)(float* data, std::int64_t count);
  void (*update)(float* data, std::int64_t count);  // reads and writes
};

constexpr std::int64_t kSums = 12;

// For vectors of 16 (AVX-512), 8 (AVX2 with FMA) and 4 floats (SSE2).
extern const Loops kLoops16, kLoops8, kLoops4;

}  // namespace netc::bench

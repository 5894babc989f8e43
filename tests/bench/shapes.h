#pragma once
// The matrix products that the kernel benchmarks time: x [m, k], w [k, n], y [m, n].

#include <cstdint>

namespace netc::bench {

// m samples; n outputs; k inputs.
struct Shape {
  std::int64_t m, n, k;
};

constexpr Shape kShapes[] = {
    // One sample: limited by reading the weights.
    {1, 128, 784},
    {1, 10, 128},
    {1, 512, 512},
    {1, 1000, 300},
    {1, 2048, 2048},
    // A few.
    {3, 300, 100},
    {7, 37, 1000},
    {8, 256, 256},
    {17, 100, 37},
    // The layers of MNIST's usual networks, in usual batches.
    {32, 128, 784},
    {32, 10, 128},
    {32, 512, 784},
    {64, 64, 64},
    {128, 128, 784},
    {128, 10, 128},
    {128, 512, 784},
    {128, 512, 512},
    {128, 10, 512},
    // Odd sizes, tall and wide.
    {32, 1000, 37},
    {32, 37, 2048},
    {33, 300, 1000},
    {100, 100, 100},
    {100, 17, 300},
    {128, 2048, 10},
    {300, 300, 300},
    {512, 17, 37},
    {512, 10, 2048},
    // Large: weights of 1 to 16 MB.
    {32, 512, 1000},
    {32, 2048, 2048},
    {64, 1024, 1024},
    {256, 256, 2048},
    {512, 512, 512},
    {512, 2048, 2048},
};

}  // namespace netc::bench

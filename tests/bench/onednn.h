#pragma once
// oneDNN's convolutions, to compare with.

#include <memory>
#include <vector>

#include "tests/bench/compiled_graph.h"
#include "tests/bench/convolution_shapes.h"

namespace netc::bench {

// The two operands of a direction in their logical order: x and w, dy and w, or x and dy.
struct Operands {
  std::vector<float> first, second;
};

// A primitive, created once, with operands and result in the layouts that it likes best.
class OneDnn {
 public:
  virtual ~OneDnn() = default;
  virtual void run() = 0;                         // on all of its threads
  virtual std::vector<float> result() const = 0;  // in its logical order
};

// Null where the benchmarks were built without oneDNN. With `threads` of OpenMP.
std::unique_ptr<OneDnn> make_onednn(Direction direction, const ConvolutionShape& shape,
                                    const Operands& operands, int threads);

}  // namespace netc::bench

#pragma once
// The matrix products of a dense layer, each in a graph of its own.

#include "tests/bench/compiled_graph.h"
#include "tests/bench/shapes.h"

namespace netc::bench {

// y = x w + b; dx = dy w^T; w = w - rate * x^T dy. The activations among their parameters are x and dy.
graph::Graph build_product(Direction direction, const Shape& shape);

// What a product has to do at least.
struct Work {
  double flops = 0;         // useful ones
  double padded_flops = 0;  // with the axis along the vectors rounded up to 16: the better one of the two
  std::size_t read = 0, written = 0, updated = 0;  // bytes; `updated` are read and written
};
Work work_of(Direction direction, const Shape& shape);

}  // namespace netc::bench

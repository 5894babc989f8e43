#pragma once
// The three contractions of a convolution, each in a graph of its own: the layer's, and its derived
// gradients.

#include <string>

#include "tests/bench/compiled_graph.h"
#include "tests/bench/convolution_shapes.h"

namespace netc::bench {

// The output y or dx; or dw as the next value of a state, since training keeps no gradient either, but
// updates the weights. The outputs `x` and `dy` and the parameter `w` are what it is made of. The activations
// among the parameters are `x_source` and `dy_source`.
graph::Graph build_convolution(Direction direction, const ConvolutionShape& shape);
std::string result_of(Direction direction);

// Of one direction, products with padding included.
double flops_of(const ConvolutionShape& shape);
// `resnet18/8x56x56x64-128-3x3-s2`: batch x places x inputs - outputs - taps, and the stride and `dw` for
// depthwise ones.
std::string name_of(const ConvolutionShape& shape);

}  // namespace netc::bench

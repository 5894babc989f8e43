#pragma once
// Sums over the samples, part by part.

#include "compiler/graph/graph.h"

namespace netc::kernel {

// A sum over samples that are images or sequences, as the gradient of a convolution's weights or of a bias,
// becomes one sum for each part of the samples and then the sum of those, where they are few numbers beside
// what is summed up. So the first can run in a band with what makes its operands, and threads share it out by
// samples.
graph::Graph with_part_sums(const graph::Graph& graph);

}  // namespace netc::kernel

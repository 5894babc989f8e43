#pragma once
// Passes from a graph to an equal graph.

#include "compiler/graph/graph.h"

namespace netc::training {

// Drops what no output and no update needs. Leaves stay, so that a run's parameters do not depend on what is
// read.
graph::Graph drop_dead(graph::Graph graph);

// Equal nodes become one (leaves, random and scan excepted).
graph::Graph merge_equal(graph::Graph graph);

// A map that feeds one map is written into it; one that feeds several maps and nothing else, into each if it
// is cheap: no division or function, and at most one operand of its own size. Where a map takes the logarithm
// of a probability (a sigmoid, or a quotient of an exponential) that is written out too, so that softmax
// under cross-entropy becomes log-sum-exp. Runs `simplify` on what it made. Constants of one value become
// numbers. Work that costs more than an addition is never moved to where it would be done for more elements
// than now.
graph::Graph inline_maps(graph::Graph graph);

// A contraction or a sum that scatters, adding to its result at a sum of axes (`[b, p + r - 1, c]`: the
// gradient of a convolution or of windows), becomes one that gathers (`[b, h, c]`, reading at `h - r + 1`)
// where the longest of those axes has the coefficient 1 and some operand reads 0 wherever that axis ends. The
// terms of a sum may come in another order.
graph::Graph gather_results(graph::Graph graph);

// The maximum of a map over windows, as of an activation after a bias, becomes the map of the maximum where
// that is the same: fewer elements to compute, and the map's operand is all that its gradient needs.
graph::Graph pool_first(graph::Graph graph);

}  // namespace netc::training

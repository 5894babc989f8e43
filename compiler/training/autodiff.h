#pragma once
// Adds to a graph the gradient of one of its scalars: reverse mode, one rule a primitive and one a scalar
// operation.

#include <vector>

#include "compiler/graph/graph.h"

namespace netc::training {

// Precondition: `graph` verifies and `scalar` is an f32 value of rank 0. Returns, for each of `wanted` (f32
// values, usually parameters), the value that holds d scalar / d wanted, of the same extents; zeros where
// `scalar` does not depend on it. Only nodes on a path from `wanted` to `scalar` get gradients. New nodes
// carry the span of the node that they differentiate.
std::vector<graph::ValueId> add_gradients(graph::Graph& graph, graph::ValueId scalar,
                                          const std::vector<graph::ValueId>& wanted);

}  // namespace netc::training

#pragma once
// Passes from a graph to an equal graph.

#include "compiler/graph/graph.h"

namespace netc::training {

// Drops what no output and no update needs. Leaves stay, so that a run's parameters do not depend on what is read.
graph::Graph drop_dead(graph::Graph graph);

// Equal nodes become one (leaves, random and scan excepted).
graph::Graph merge_equal(graph::Graph graph);

// A map that feeds maps is written into them (where each reads it at plain axes), so that scalar rewrites see through:
// softmax under cross-entropy becomes log-sum-exp here. Runs `simplify` on what it made. A map whose scalar work is dear (more than a few
// transcendental operations) and which has several users stays.
graph::Graph inline_maps(graph::Graph graph);

}  // namespace netc::training

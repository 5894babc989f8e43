#pragma once
// The optimizer's update of every parameter joins the graph as ordinary maps.

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/network/network.h"

namespace netc::training {

// Adds, for each parameter, its next value and that of its state (`<parameter>.<state>`, created here), from
// its gradient. Weights follow the settings' rule, vectors (biases, learned parameters) the one without
// decay. With `clip_norm`, all gradients together are first scaled to that norm at most (as
// torch.nn.utils.clip_grad_norm_ does: by min(1, clip / (norm + 1e-6))). The graph has the inputs `step`,
// `epoch` and `total_steps`.
void add_updates(graph::Graph& graph, const TrainSettings& settings,
                 const std::vector<graph::ValueId>& parameters, std::vector<graph::ValueId> gradients);

}  // namespace netc::training

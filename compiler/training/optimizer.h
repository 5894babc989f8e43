#pragma once
// What happens to the gradients, and the optimizer's update of every parameter, join the graph as ordinary
// maps and sums.

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/network/network.h"

namespace netc::training {

// A parameter, the gradient of the loss by it, and what its layer adds to that.
struct TrainedParameter {
  graph::ValueId parameter{}, gradient{};
  Penalty penalty;
};

// Adds, for each parameter, its next value and that of its state (`<parameter>.<state>`, created here). In
// this order: the shards of a batch are added up, the penalties' gradients join (2 l2 w and l1 sign(w)), the
// gradients are clipped, the optimizer takes its step, the running average of the weights follows. Weights
// follow the settings' rule, vectors (biases, learned parameters) the one without decay. The graph has the
// inputs `step`, `epoch` and `total_steps`; with reduce_lr `rate_factor`; with shards `update`, `first_shard`
// and `last_shard`.
void add_updates(graph::Graph& graph, const TrainSettings& settings,
                 std::vector<TrainedParameter> parameters);

}  // namespace netc::training

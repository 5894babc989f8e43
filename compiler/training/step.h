#pragma once
// Network -> graph: the whole training step, or one prediction, as one pure function.
//
// Inputs: `samples` u8 [batch, ...], `labels` i32 [batch], and the numbers of the step, i32 of rank 0: `step`
// (from 1), `epoch` (from 0), `total_steps`, `count` (samples of this batch; rows from there on do not
// count). Outputs: `loss_sum` and `correct` over the batch's samples; `output` [batch, outputs] of the
// inference graph.

#include "compiler/graph/graph.h"
#include "compiler/network/network.h"

namespace netc::training {

// Forward, loss, gradients and the optimizer's update of every parameter.
graph::Graph build_training_step(const Network& network);
// Forward without what acts in training alone, and the loss.
graph::Graph build_inference(const Network& network, std::int64_t batch);

}  // namespace netc::training

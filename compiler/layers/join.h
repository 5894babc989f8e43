#pragma once
// Joining what blocks make: what residual and branch share.

#include "compiler/layers/layer.h"

namespace netc {

enum class Joining { kAdd, kMultiply, kConcat };

// All shapes are equal, or for kConcat all but the channels; else an error that shows where two of them were
// made.
std::optional<Shape> joined_shape(const JoinContext& context, Joining joining);

graph::ValueId build_join(graph::Builder& builder, Joining joining, std::span<const graph::ValueId> inputs);

}  // namespace netc

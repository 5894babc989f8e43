#pragma once
// The rule of autodiff for scans, and what it needs of the rest of autodiff.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::training {

// A value and a tensor of its type that holds its adjoint.
struct Seed {
  graph::ValueId value{};
  graph::ValueId adjoint{};
};

// As add_gradients, from any number of values whose adjoints are known.
std::vector<graph::ValueId> add_adjoints(graph::Graph& graph, const std::vector<Seed>& seeds,
                                         const std::vector<graph::ValueId>& wanted);

// The adjoints of a scan's operands, where they are wanted and f32, from those of its results (by number).
// Adds a scan that runs the other way; its body is the forward body followed by that body's adjoints. The
// forward scan is made to stack its carries too, which the other reads.
std::vector<std::optional<graph::ValueId>> add_scan_adjoints(
    graph::Graph& graph, graph::ValueId scan, const std::map<std::uint32_t, graph::ValueId>& results,
    const std::vector<bool>& is_wanted);

}  // namespace netc::training

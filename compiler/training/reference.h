#pragma once
// Interprets a graph in double precision, slowly and obviously: what every kernel is checked against.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::training {

// Row-major; u8 and i32 values are whole numbers.
struct ReferenceTensor {
  graph::Extents extents;
  std::vector<double> values;
};

// Leaves by name: inputs, parameters and state.
using ReferenceLeaves = std::map<std::string, ReferenceTensor>;

struct ReferenceRun {
  std::map<std::string, ReferenceTensor> outputs;
  ReferenceLeaves next;                 // the next value of each updated leaf
  std::vector<ReferenceTensor> values;  // of every node, by ValueId
};

// Precondition: `graph` verifies and `leaves` has every leaf with its extents. `seed` keys the random nodes.
ReferenceRun run_reference(const graph::Graph& graph, const ReferenceLeaves& leaves, std::uint64_t seed = 0);

}  // namespace netc::training

#pragma once
// What contractions and sums have in common.

#include <optional>

#include "compiler/graph/graph.h"

namespace netc::graph {

// The domain, the result map, and where each operand is read.
struct Sum {
  Extents* domain = nullptr;
  IndexMap* result = nullptr;
  std::vector<IndexMap*> operands;
};

// Of a contraction or a reduction that sums up; empty for others.
std::optional<Sum> sum_of(Op& op);

}  // namespace netc::graph

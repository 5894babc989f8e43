#pragma once
// What the kernel level sees in a graph: every tensor as a matrix, reshapes as other names of the same
// memory, and values that are the same for all elements of a step.

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::kernel {

struct MatrixExtents {
  std::int64_t rows = 1, columns = 1;
  friend bool operator==(const MatrixExtents&, const MatrixExtents&) = default;
};

// How one tensor is read at a point (row, column) of a matrix, or at a point of a vector.
enum class Reading { kElement, kRow, kColumn, kScalar };

class Facts {
 public:
  explicit Facts(const graph::Graph& graph);

  const graph::Graph& graph() const { return graph_; }
  const graph::Node& node(graph::ValueId id) const { return graph_[id]; }
  // The value behind reshapes.
  graph::ValueId root(graph::ValueId id) const;
  // Rank 2 and more: the first axis by the rest; rank 1: one row; rank 0: one element.
  MatrixExtents matrix(graph::ValueId id) const;
  std::size_t rank(graph::ValueId id) const { return graph_.type(id).extents.size(); }
  // An integer input of rank 0, a constant, or a map of rank 0 of such values alone: known before the step
  // runs.
  bool is_uniform(graph::ValueId id) const { return uniform_[graph::index(id)]; }
  // Leaves and iota: belong to no kernel.
  bool is_leaf(graph::ValueId id) const;

  // How an operand of `extents` is read through `map` by a map whose result has `result` extents; empty where
  // the kernel level has no such read.
  std::optional<Reading> reading(const graph::Extents& extents, const graph::IndexMap& map,
                                 const graph::Extents& result) const;

 private:
  const graph::Graph& graph_;
  std::vector<bool> uniform_;
};

}  // namespace netc::kernel

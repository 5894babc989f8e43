#pragma once
// What the kernel level sees in a graph: tensors as matrices, reshapes as other names of the same memory, and
// values that are the same for all elements of a step.

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::kernel {

struct MatrixExtents {
  std::int64_t rows = 1, columns = 1;
  friend bool operator==(const MatrixExtents&, const MatrixExtents&) = default;
};

// The first `split` axes by the rest.
MatrixExtents matrix(const graph::Extents& extents, std::size_t split);

// How a map reads one tensor: as a whole at the same place, a vector along all axes but the last or along the
// last (of a vector's map: kElement), a number; or in any other way.
enum class Reading { kElement, kRow, kColumn, kScalar, kAt };

// How a reduction is computed: each row to a number, the sum of all rows (or of a vector), or each element
// from the window of points that meet in it.
enum class Reducing { kAlongRows, kDownColumns, kWindow };

class Facts {
 public:
  explicit Facts(const graph::Graph& graph);

  const graph::Graph& graph() const { return graph_; }
  const graph::Node& node(graph::ValueId id) const { return graph_[id]; }
  // The value behind reshapes.
  graph::ValueId root(graph::ValueId id) const;
  const graph::Extents& extents(graph::ValueId id) const { return graph_.type(id).extents; }
  std::size_t rank(graph::ValueId id) const { return extents(id).size(); }
  // 1 for what has less than two axes.
  std::uint32_t last_axis(graph::ValueId id) const {
    return rank(id) < 2 ? 1 : static_cast<std::uint32_t>(rank(id) - 1);
  }
  // How many axes of a map's elements are rows: all but the last, or the first alone where all that it reads
  // at the same place are samples or lie like them.
  std::size_t split(graph::ValueId id) const;
  // Do the value's elements lie one after the other, in order? Else it is rows with a pad: the first axis by
  // the rest.
  bool is_dense(graph::ValueId id) const { return dense_[graph::index(root(id))]; }
  // An integer input of rank 0, a constant, or a map of rank 0 of such values alone: known before the step
  // runs.
  bool is_uniform(graph::ValueId id) const { return uniform_[graph::index(id)]; }
  // Leaves and iota: belong to no kernel.
  bool is_leaf(graph::ValueId id) const;

  Reducing reducing(graph::ValueId reduce) const;
  // A map that a window alone reads, each element once: it is computed there.
  bool is_inlined(graph::ValueId id) const { return inlined_[graph::index(id)]; }
  // A parameter or state, or another name of one.
  bool is_persistent(graph::ValueId id) const;

  // How a map of `result` extents reads an operand of `extents` through `map`.
  static Reading reading(const graph::Extents& extents, const graph::IndexMap& map,
                         const graph::Extents& result);
  Reading reading(graph::ValueId reader, std::size_t operand) const;

 private:
  bool is_flat_map(graph::ValueId id) const;
  void find_row_values();
  void find_dense();
  void find_inlined();

  const graph::Graph& graph_;
  std::vector<bool> uniform_, inlined_, dense_;
};

}  // namespace netc::kernel

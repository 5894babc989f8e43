#pragma once
// Fusion: which nodes of the graph become one kernel.

#include <optional>
#include <set>
#include <vector>

#include "compiler/kernel/facts.h"
#include "compiler/support/diagnostics.h"

namespace netc::kernel {

struct Group {
  enum class Kind {
    kContract,  // a contraction and maps of its result
    kRows,      // maps, and reductions along each row or over a window
    kColumns,   // a sum down the columns and maps of it
    kRandom,
  } kind = Kind::kRows;
  std::vector<graph::ValueId>
      nodes;              // in graph order; a contraction, a column sum or random numbers stand first
  graph::Extents shape;   // of what is computed for each element; of kColumns: of what is summed
  std::size_t split = 1;  // how many of its axes are rows
  std::size_t rank = 2;   // of the result

  MatrixExtents matrix() const { return kernel::matrix(shape, split); }
};

struct Grouping {
  std::vector<Group> groups;
  std::vector<int> group_of;  // by value; -1 for leaves, uniforms and reshapes

  int of(const Facts& facts, graph::ValueId id) const { return group_of[graph::index(facts.root(id))]; }
};

// Updates that cannot stand in their gradient's kernel.
struct Apart {
  std::set<graph::ValueId> updates;  // each starts a group
  bool together = false;             // or joins the group of another of them: leaves that trade their values
};

// A value for each row of the group's matrix.
bool is_row_vector(const graph::Extents& extents, const Group& group);

// A node joins the youngest group of its operands where it can be computed element by element beside them and
// no cycle arises; else it starts a group. Empty exactly when a diagnostic was emitted.
std::optional<Grouping> group_nodes(const Facts& facts, const Apart& apart, Diagnostics& diagnostics);

// The groups that the group reads from.
std::set<int> dependencies(const Facts& facts, const Grouping& grouping, int group);

}  // namespace netc::kernel

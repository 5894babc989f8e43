#pragma once
// The adjoints that reverse mode has gathered so far, and how they are moved, added up and made into nodes.

#include <map>
#include <optional>
#include <vector>

#include "compiler/graph/build.h"
#include "compiler/graph/index_map.h"

namespace netc::training {

// The adjoint of a value: d scalar / d value, element by element. It is not made into a tensor of that shape
// before somebody needs one: it is one number for all elements, or element d is source[map(d)], which is
// never outside of the source.
struct Adjoint {
  std::optional<double> uniform;
  graph::ValueId source{};
  graph::IndexMap map;
};

// A node and where to read it.
struct Reading {
  graph::ValueId source;
  graph::IndexMap map;
};

class Adjoints {
 public:
  explicit Adjoints(graph::Graph& graph) : graph_(graph), builder_(graph) {}

  // Gives a value its adjoint before the walk back begins.
  void seed(graph::ValueId id, Adjoint adjoint);
  // Active is what depends on a wanted value, up to `last`; nothing else is given an adjoint.
  void mark_active(graph::ValueId last, const std::vector<graph::ValueId>& wanted);
  bool is_active(graph::ValueId id) const { return index(id) < active_.size() && active_[index(id)]; }
  // Where the nodes made from here on come from.
  void set_span(Span span);

  void contribute(graph::ValueId id, Adjoint adjoint);
  void contribute(graph::ValueId id, graph::ValueId tensor);
  // operand[place(d)] += adjoint[d] for d in the domain.
  void scatter(graph::ValueId operand, const Adjoint& adjoint, const graph::Extents& domain,
               const graph::IndexMap& place);
  // The sum of the contributions, which stays theirs; none where there are none.
  std::optional<Adjoint> take(graph::ValueId id);

  // A map node, or less where the expression is a constant or an operand.
  Adjoint mapped(graph::ScalarExpr expr, const graph::Extents& extents, std::vector<graph::ValueId> operands,
                 std::vector<graph::IndexMap> maps);
  // The adjoint of a value of `extents`, as a tensor.
  graph::ValueId materialize(const Adjoint& adjoint, const graph::Extents& extents);
  // The adjoint of a value of `extents`, read at `map` from the points of `domain`.
  Reading reading(const Adjoint& adjoint, const graph::Extents& extents, const graph::IndexMap& map,
                  const graph::Extents& domain);
  // What `scatter` adds to the operand, as a tensor.
  graph::ValueId scattered_sum(graph::ValueId operand, const Adjoint& adjoint, const graph::Extents& domain,
                               const graph::IndexMap& place);

 private:
  struct Scattered {
    Adjoint adjoint;
    graph::Extents domain;
    graph::IndexMap place;
  };

  Adjoint sum_of(const std::vector<Adjoint>& parts, const graph::Extents& extents);
  void reduce_scattered(graph::ValueId id);

  graph::Graph& graph_;
  graph::Builder builder_;
  Span span_;
  std::vector<bool> active_;
  std::vector<int> uses_;  // of each value, by active ones
  std::vector<std::vector<Adjoint>> contributions_;
  // Contributions to values with several uses that are still to be summed.
  std::map<std::size_t, std::vector<Scattered>> scattered_;
};

}  // namespace netc::training

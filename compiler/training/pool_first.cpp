#include <algorithm>

#include "compiler/graph/index_map.h"
#include "compiler/training/rewrite.h"

namespace netc::training {

namespace {

using namespace graph;

// The maximum of a map over windows.
class Pooling {
 public:
  Pooling(const Graph& graph, const Node& map, const Node& pooled)
      : graph_(graph), map_(map), pooled_(pooled), reduce_(std::get<Reduce>(pooled.op)) {}

  // The same as a map over the maximum of one of its operands, if it is: the map rises with that one, and has
  // the others in common for all points of a window.
  bool swap() {
    const Map& map = std::get<Map>(map_.op);
    for (std::size_t i = 0; i < map_.operands.size(); ++i) {
      if (graph_.type(map_.operands[i]) != map_.type || !is_identity(map.operands[i])) continue;
      if (!is_nondecreasing(map.expr, static_cast<std::uint32_t>(i)) || !others_at_results(map, i)) continue;
      pooled_operand_ = i;
      return true;
    }
    return false;
  }

  Node first() const {
    Node node = pooled_;
    node.operands = {map_.operands[pooled_operand_]};
    return node;
  }

  Node second(ValueId maximum) const {
    Node node = map_;
    node.type = pooled_.type;
    auto& map = std::get<Map>(node.op);
    map.operands = maps_;
    map.operands[pooled_operand_] = identity_map(pooled_.type.extents.size());
    node.operands[pooled_operand_] = maximum;
    return node;
  }

 private:
  // Where the map's other operands are read, from the axes of the result.
  bool others_at_results(const Map& map, std::size_t except) {
    maps_.assign(map.operands.size(), {});
    for (std::size_t i = 0; i < map.operands.size(); ++i) {
      if (i == except) continue;
      maps_[i] = compose(map.operands[i], reduce_.operand);
      for (AffineIndex& entry : maps_[i]) {
        if (!std::ranges::all_of(entry.terms, [&](AffineTerm& term) { return count_in_results(term); }))
          return false;
      }
    }
    return true;
  }

  bool count_in_results(AffineTerm& term) const {
    for (std::uint32_t axis = 0; axis < reduce_.result.size(); ++axis) {
      if (plain_axis(reduce_.result[axis]) != term.axis) continue;
      term.axis = axis;
      return true;
    }
    return false;
  }

  const Graph& graph_;
  const Node &map_, &pooled_;
  const Reduce& reduce_;
  std::size_t pooled_operand_ = 0;
  std::vector<IndexMap> maps_;
};

std::vector<int> count_uses(const Graph& graph) {
  std::vector<int> uses(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (ValueId operand : node.operands) ++uses[index(operand)];
  }
  for (const Output& output : graph.outputs) ++uses[index(output.value)];
  for (const Update& update : graph.updates) ++uses[index(update.next)];
  return uses;
}

}  // namespace

Graph pool_first(Graph graph) {
  const std::vector<int> uses = count_uses(graph);
  for (Node& node : graph.nodes) {
    const auto* reduce = std::get_if<Reduce>(&node.op);
    if (!reduce || reduce->kind != ReduceKind::kMax) continue;
    const ValueId operand = node.operands[0];
    Node& before = graph.nodes[index(operand)];
    const bool smaller = element_count(node.type.extents) < element_count(before.type.extents);
    if (!std::holds_alternative<Map>(before.op) || uses[index(operand)] > 1 || !smaller) continue;
    Pooling pooling(graph, before, node);
    if (!pooling.swap()) continue;
    Node first = pooling.first(), second = pooling.second(operand);
    before = std::move(first);
    node = std::move(second);
  }
  return graph;
}

}  // namespace netc::training

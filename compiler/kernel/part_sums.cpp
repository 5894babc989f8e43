#include "compiler/kernel/part_sums.h"

#include <array>

#include "compiler/graph/build.h"
#include "compiler/graph/index_map.h"
#include "compiler/graph/sum.h"
#include "compiler/kernel/bands.h"

namespace netc::kernel {

namespace {

using graph::AffineIndex;
using graph::Extents;
using graph::IndexMap;
using graph::Node;
using graph::ValueId;

std::int64_t batch_of(const graph::Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<graph::Input>(node.op) && node.type.extents.size() > 1)
      return node.type.extents[0];
  }
  return 1;
}

class PartSums {
 public:
  explicit PartSums(const graph::Graph& graph)
      : graph_(graph), batch_(batch_of(graph)), parts_(parts_of_batch(batch_)) {}

  graph::Graph run() {
    for (const Node& old : graph_.nodes) {
      Node node = old;
      for (ValueId& operand : node.operands) operand = place_[graph::index(operand)];
      place_.push_back(divide(node) ? add_sum_of_parts(std::move(node)) : result_.add(std::move(node)));
    }
    for (const graph::Output& output : graph_.outputs)
      result_.outputs.push_back({output.name, place_[graph::index(output.value)]});
    for (const graph::Update& update : graph_.updates)
      result_.updates.push_back({place_[graph::index(update.leaf)], place_[graph::index(update.next)]});
    return std::move(result_);
  }

 private:
  // Gives the sum's result an axis of parts before the others, if that is wanted.
  bool divide(Node& node) const {
    const std::optional<graph::Sum> sum = graph::sum_of(node.op);
    if (!sum || parts_ == 1 || !is_small(node)) return false;
    const std::optional<std::uint32_t> samples = axis_of_samples(node, *sum);
    if (!samples || graph::used_axes(*sum->result, sum->domain->size())[*samples]) return false;
    const auto part = static_cast<std::uint32_t>(sum->domain->size());
    sum->domain->push_back(parts_);
    (*sum->domain)[*samples] = batch_ / parts_;
    for (IndexMap* map : sum->operands) (*map)[0].terms = {{*samples, 1}, {part, batch_ / parts_}};
    sum->result->insert(sum->result->begin(), AffineIndex{0, {{part, 1}}});
    node.type.extents.insert(node.type.extents.begin(), parts_);
    return true;
  }

  // All parts of the result are at most half of the operands.
  bool is_small(const Node& node) const {
    std::int64_t elements = 0;
    for (ValueId operand : node.operands) {
      const Extents& extents = result_.type(operand).extents;
      if (extents.size() < 3 || extents[0] != batch_) return false;
      elements += graph::element_count(extents);
    }
    return 2 * parts_ * graph::element_count(node.type.extents) <= elements;
  }

  // The axis of the domain that all operands have as their first, and nowhere else.
  std::optional<std::uint32_t> axis_of_samples(const Node& node, const graph::Sum& sum) const {
    const auto axis = graph::plain_axis((*sum.operands[0])[0]);
    if (!axis || (*sum.domain)[*axis] != batch_) return std::nullopt;
    for (const IndexMap* map : sum.operands) {
      const IndexMap others(map->begin() + 1, map->end());
      if (graph::plain_axis((*map)[0]) != axis || graph::used_axes(others, sum.domain->size())[*axis])
        return std::nullopt;
    }
    return node.type.extents.empty() ? std::nullopt : axis;
  }

  ValueId add_sum_of_parts(Node node) {
    const Span span = node.span;
    const ValueId parts = result_.add(std::move(node));
    graph::Builder builder(result_);
    builder.set_span(span);
    return builder.reduce_axes(graph::ReduceKind::kSum, parts, std::array<std::uint32_t, 1>{0});
  }

  const graph::Graph& graph_;
  const std::int64_t batch_, parts_;
  graph::Graph result_;
  std::vector<ValueId> place_;
};

}  // namespace

graph::Graph with_part_sums(const graph::Graph& graph) { return PartSums(graph).run(); }

}  // namespace netc::kernel

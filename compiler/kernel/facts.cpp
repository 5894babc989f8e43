#include "compiler/kernel/facts.h"

#include <algorithm>

#include "compiler/support/overloaded.h"

namespace netc::kernel {

using graph::Extents;
using graph::IndexMap;
using graph::ValueId;

namespace {

// The result axis that a dimension follows, if it is that axis and nothing else.
std::optional<std::uint32_t> plain_axis(const graph::AffineIndex& index) {
  if (index.offset != 0 || index.terms.size() != 1 || index.terms[0].coefficient != 1) return std::nullopt;
  return index.terms[0].axis;
}

bool is_constant_zero(const graph::AffineIndex& index) { return index.offset == 0 && index.terms.empty(); }

}  // namespace

Facts::Facts(const graph::Graph& graph) : graph_(graph), uniform_(graph.nodes.size()) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    bool scalar = node.type.extents.empty();
    bool number =
        std::holds_alternative<graph::Input>(node.op) || std::holds_alternative<graph::Constant>(node.op);
    bool of_uniforms =
        std::holds_alternative<graph::Map>(node.op) &&
        std::all_of(node.operands.begin(), node.operands.end(), [&](ValueId id) { return is_uniform(id); });
    uniform_[i] = scalar && (number || of_uniforms);
  }
}

ValueId Facts::root(ValueId id) const {
  while (std::holds_alternative<graph::Reshape>(node(id).op)) id = node(id).operands[0];
  return id;
}

MatrixExtents Facts::matrix(ValueId id) const {
  const Extents& extents = graph_.type(id).extents;
  if (extents.empty()) return {1, 1};
  if (extents.size() == 1) return {1, extents[0]};
  return {extents[0], graph::element_count(extents) / extents[0]};
}

bool Facts::is_leaf(ValueId id) const {
  return std::visit(
      overloaded{[](const graph::Input&) { return true; }, [](const graph::Parameter&) { return true; },
                 [](const graph::State&) { return true; }, [](const graph::Constant&) { return true; },
                 [](const graph::Iota&) { return true; }, [](const auto&) { return false; }},
      node(id).op);
}

std::optional<Reading> Facts::reading(const Extents& extents, const IndexMap& map,
                                      const Extents& result) const {
  if (std::all_of(map.begin(), map.end(), is_constant_zero) && graph::element_count(extents) == 1)
    return Reading::kScalar;
  if (result.size() > 1 && extents == result && graph::is_identity(map)) return Reading::kElement;
  if (map.size() == 1 && plain_axis(map[0])) {
    std::uint32_t axis = *plain_axis(map[0]);
    if (axis == 0) return result.size() == 1 ? Reading::kElement : Reading::kRow;
    // Seen as a matrix, the columns are the last axis only where there are two.
    if (axis == 1 && result.size() == 2) return Reading::kColumn;
  }
  return std::nullopt;
}

}  // namespace netc::kernel

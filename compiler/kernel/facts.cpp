#include "compiler/kernel/facts.h"

#include <algorithm>
#include <array>

#include "compiler/graph/index_map.h"
#include "compiler/support/overloaded.h"

namespace netc::kernel {

using graph::Extents;
using graph::IndexMap;
using graph::ValueId;

namespace {

bool is_constant_zero(const graph::AffineIndex& index) { return index.offset == 0 && index.terms.empty(); }

}  // namespace

MatrixExtents matrix(const Extents& extents, std::size_t split) {
  if (extents.empty()) return {1, 1};
  MatrixExtents result;
  for (std::size_t axis = 0; axis < extents.size(); ++axis)
    (axis < split ? result.rows : result.columns) *= extents[axis];
  return result;
}

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
  find_inlined();
  find_dense();
}

ValueId Facts::root(ValueId id) const {
  while (std::holds_alternative<graph::Reshape>(node(id).op)) id = node(id).operands[0];
  return id;
}

bool Facts::is_leaf(ValueId id) const {
  return std::visit(
      overloaded{[](const graph::Input&) { return true; }, [](const graph::Parameter&) { return true; },
                 [](const graph::State&) { return true; }, [](const graph::Constant&) { return true; },
                 [](const graph::Iota&) { return true; }, [](const auto&) { return false; }},
      node(id).op);
}

Reading Facts::reading(const Extents& extents, const IndexMap& map, const Extents& result) {
  if (std::all_of(map.begin(), map.end(), is_constant_zero) && graph::element_count(extents) == 1)
    return Reading::kScalar;
  if (extents == result && graph::is_identity(map)) return Reading::kElement;
  if (result.size() < 2) return Reading::kAt;
  if (graph::is_identity(map) && extents == Extents(result.begin(), result.end() - 1)) return Reading::kRow;
  const auto last = static_cast<std::uint32_t>(result.size() - 1);
  if (extents == Extents{result.back()} && graph::plain_axis(map[0]) == last) return Reading::kColumn;
  return Reading::kAt;
}

Reading Facts::reading(ValueId reader, std::size_t operand) const {
  const graph::Node& node = graph_[reader];
  const ValueId value = node.operands[operand];
  const Reading how =
      reading(extents(value), std::get<graph::Map>(node.op).operands[operand], node.type.extents);
  // Parameters and samples of more than one axis do not lie one after the other.
  const bool apart = is_persistent(value) || std::holds_alternative<graph::Input>(graph_[root(value)].op);
  return how == Reading::kRow && rank(value) > 1 && apart ? Reading::kAt : how;
}

// Only reads numbers, and tensors at the same place.
bool Facts::is_flat_map(ValueId id) const {
  const graph::Node& node = graph_[id];
  if (!std::holds_alternative<graph::Map>(node.op)) return false;
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    if (is_uniform(node.operands[i])) continue;
    const Reading how = reading(id, i);
    if (how != Reading::kElement && how != Reading::kScalar) return false;
  }
  return true;
}

Reducing Facts::reducing(ValueId id) const {
  const graph::Node& node = graph_[id];
  const auto& reduce = std::get<graph::Reduce>(node.op);
  const Extents& from = extents(node.operands[0]);
  if (!graph::is_identity(reduce.operand) || reduce.domain != from) return Reducing::kWindow;
  const bool sum = reduce.kind == graph::ReduceKind::kSum;
  if (sum && from.size() == 1 && reduce.result.empty()) return Reducing::kDownColumns;
  if (from.size() < 2) return Reducing::kWindow;
  const std::array last{static_cast<std::uint32_t>(from.size() - 1)};
  // A result may have more elements than the domain writes.
  const Extents& to = node.type.extents;
  if (sum && reduce.result == graph::axes_map(last) && to[0] == from.back()) return Reducing::kDownColumns;
  const bool rows = graph::is_identity(reduce.result) && to == Extents(from.begin(), from.end() - 1);
  return rows ? Reducing::kAlongRows : Reducing::kWindow;
}

void Facts::find_inlined() {
  inlined_.assign(graph_.nodes.size(), false);
  std::vector<int> users(graph_.nodes.size());
  auto use = [&](ValueId id) { ++users[graph::index(id)]; };
  for (const graph::Node& node : graph_.nodes) std::ranges::for_each(node.operands, use);
  for (const graph::Output& output : graph_.outputs) use(output.value);
  for (const graph::Update& update : graph_.updates) use(update.next);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto* reduce = std::get_if<graph::Reduce>(&graph_.nodes[i].op);
    if (!reduce || reducing(static_cast<ValueId>(i)) != Reducing::kWindow) continue;
    const ValueId operand = graph_.nodes[i].operands[0];
    inlined_[graph::index(operand)] =
        std::holds_alternative<graph::Map>(graph_[operand].op) && users[graph::index(operand)] == 1 &&
        graph::element_count(reduce->domain) == graph::element_count(extents(operand));
  }
}

bool Facts::is_persistent(ValueId id) const {
  const graph::Op& op = node(root(id)).op;
  return std::holds_alternative<graph::Parameter>(op) || std::holds_alternative<graph::State>(op);
}

// Values of all axes but the last of some tensor: what is summed up along it, and what is computed of that.
// They are read and written one after the other.
void Facts::find_row_values() {
  std::vector<bool> row_values(graph_.nodes.size());
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto id = static_cast<ValueId>(i);
    const std::vector<ValueId>& operands = graph_.nodes[i].operands;
    const bool map = std::holds_alternative<graph::Map>(graph_.nodes[i].op);
    if (std::holds_alternative<graph::Reduce>(graph_.nodes[i].op))
      row_values[i] = reducing(id) == Reducing::kAlongRows;
    for (std::size_t k = 0; map && k < operands.size(); ++k) {
      const Reading how = reading(id, k);
      if (how == Reading::kRow) dense_[graph::index(root(operands[k]))] = true;
      if (how == Reading::kElement && row_values[graph::index(operands[k])]) row_values[i] = true;
    }
    if (!row_values[i] || rank(id) < 2) continue;
    dense_[i] = true;
    for (std::size_t k = 0; map && k < operands.size(); ++k) {
      if (reading(id, k) == Reading::kElement) dense_[graph::index(root(operands[k]))] = true;
    }
  }
}

// Matrices that are only matrices, and images that are made of samples and used as rows of samples alone, are
// not.
void Facts::find_dense() {
  dense_.assign(graph_.nodes.size(), false);
  find_row_values();
  auto demand = [&](ValueId id) { dense_[graph::index(root(id))] = true; };
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto id = static_cast<ValueId>(i);
    const graph::Node& node = graph_.nodes[i];
    const bool reshape = std::holds_alternative<graph::Reshape>(node.op);
    const bool as_rows = reshape || std::holds_alternative<graph::Input>(node.op) ||
                         (is_flat_map(id) && !is_inlined(id)) ||
                         std::holds_alternative<graph::Random>(node.op);
    if (rank(id) > 2 && !as_rows) demand(id);
    for (ValueId operand : node.operands) {
      if (rank(operand) > 2 && !as_rows) demand(operand);
      if (reshape && matrix(extents(operand), 1) != matrix(extents(id), 1)) demand(id);
    }
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const std::vector<ValueId>& operands = graph_.nodes[i].operands;
    const auto id = static_cast<ValueId>(i);
    auto of_images = [&](ValueId operand) {
      return rank(operand) > 2 && (is_dense(operand) || is_persistent(operand));
    };
    if (rank(id) > 2 && std::any_of(operands.begin(), operands.end(), of_images)) demand(id);
  }
}

std::size_t Facts::split(ValueId id) const {
  if (rank(id) < 2) return 0;
  if (rank(id) == 2 || !is_flat_map(id)) return rank(id) - 1;
  auto like_samples = [&](ValueId value) {
    return rank(value) > 2 && !is_dense(value) && !is_persistent(value) &&
           !std::holds_alternative<graph::Random>(graph_[root(value)].op);
  };
  const std::vector<ValueId>& operands = graph_[id].operands;
  const bool flat = like_samples(id) || std::any_of(operands.begin(), operands.end(), like_samples);
  return flat ? 1 : rank(id) - 1;
}

}  // namespace netc::kernel

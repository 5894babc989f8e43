#include "compiler/kernel/grouping.h"

#include <algorithm>

#include "compiler/kernel/contraction.h"
#include "compiler/kernel/convolution.h"
#include "compiler/support/overloaded.h"

namespace netc::kernel {

using graph::Extents;
using graph::Node;
using graph::ValueId;

namespace {

constexpr DiagnosticKind<std::string_view> kNoKernel{"no-kernel", "netc has no kernel yet for {}"};

class Grouper {
 public:
  Grouper(const Facts& facts, const Apart& apart, Diagnostics& diagnostics)
      : facts_(facts), apart_(apart), diagnostics_(diagnostics) {
    result_.group_of.assign(facts.graph().nodes.size(), -1);
  }

  std::optional<Grouping> run() {
    for (std::size_t i = 0; i < facts_.graph().nodes.size(); ++i) place(static_cast<ValueId>(i));
    if (failed_) return std::nullopt;
    return std::move(result_);
  }

 private:
  void refuse(ValueId id, std::string_view what) {
    diagnostics_.error(kNoKernel, facts_.node(id).span, what);
    failed_ = true;
  }

  void place(ValueId id) {
    if (facts_.is_leaf(id) || facts_.is_uniform(id)) return;
    std::visit(overloaded{[&](const graph::Map&) { place_map(id); },
                          [&](const graph::Contract&) { place_contract(id); },
                          [&](const graph::Reduce&) { place_reduce(id); },
                          [&](const graph::Random&) { start(id, Group::Kind::kRandom); },
                          [&](const graph::Reshape&) { place_reshape(id); },
                          [&](const graph::Remap&) { start(id, Group::Kind::kRows); },
                          [&](const graph::Concat&) { start(id, Group::Kind::kRows); },
                          [&](const graph::Gather&) { refuse(id, "gather"); },
                          [&](const graph::ScatterAdd&) { refuse(id, "scatter_add"); },
                          [&](const graph::Scan&) { refuse(id, "scan"); },
                          [&](const graph::ScanResult&) { refuse(id, "scan"); }, [&](const auto&) {}},
               facts_.node(id).op);
  }

  // Another name for the same memory.
  void place_reshape(ValueId id) {
    const ValueId operand = facts_.node(id).operands[0];
    auto rows = [&](ValueId value) { return matrix(facts_.extents(value), facts_.last_axis(value)); };
    if (facts_.is_persistent(operand) && rows(id) != rows(operand)) return refuse(id, "reshaped parameters");
    const bool vector = facts_.rank(id) < 2;
    if (vector != (facts_.rank(operand) < 2)) refuse(id, "reshapes between vectors and matrices");
  }

  void start(ValueId id, Group::Kind kind) { start(id, kind, facts_.extents(id), facts_.split(id)); }

  void start(ValueId id, Group::Kind kind, const Extents& shape, std::size_t split) {
    result_.group_of[graph::index(id)] = static_cast<int>(result_.groups.size());
    result_.groups.push_back({kind, {id}, shape, split, facts_.rank(id)});
  }

  void join(ValueId id, int group) {
    result_.group_of[graph::index(id)] = group;
    result_.groups[group].nodes.push_back(id);
  }

  // Has the value memory of floats? Labels, samples, constants and positions have not.
  bool is_stored(ValueId id) const {
    const graph::Op& op = facts_.node(facts_.root(id)).op;
    return !facts_.is_leaf(facts_.root(id)) || std::holds_alternative<graph::Parameter>(op) ||
           std::holds_alternative<graph::State>(op);
  }

  void place_contract(ValueId id) {
    const std::vector<ValueId>& operands = facts_.node(id).operands;
    if (!is_stored(operands[0]) || !is_stored(operands[1])) return refuse(id, "contractions of numbers");
    const bool in_tiles = is_matrix_product(facts_, id) || find_convolution(facts_, id);
    start(id, in_tiles ? Group::Kind::kContract : Group::Kind::kRows);
  }

  void place_map(ValueId id) {
    if (facts_.is_inlined(id)) return;
    const Node& node = facts_.node(id);
    // A label is read by its row: as a vector, labels are scattered over the data set.
    const bool labels = reads_labels(node), alone = labels && facts_.rank(id) == 1;
    if (labels && facts_.rank(id) > 2) return refuse(id, "labels of more than one position");
    for (int group : apart_.updates.contains(id) ? groups_apart() : operand_groups(id)) {
      if (alone && !has_rows(result_.groups[group])) continue;
      if (fits(id, result_.groups[group], group) && !makes_cycle(id, group)) return join(id, group);
    }
    if (alone) return refuse(id, "labels alone");
    start(id, Group::Kind::kRows);
  }

  bool reads_labels(const Node& node) const {
    return std::any_of(node.operands.begin(), node.operands.end(), [&](ValueId operand) {
      const Node& root = facts_.node(facts_.root(operand));
      return std::holds_alternative<graph::Input>(root.op) && root.name == graph::kLabels;
    });
  }
  static bool has_rows(const Group& group) {
    return group.kind == Group::Kind::kRows && group.shape.size() >= 2;
  }

  // Those that updates of the same kind have started, if they may be joined.
  std::vector<int> groups_apart() const {
    std::vector<int> found;
    for (int group = 0; apart_.together && group < static_cast<int>(result_.groups.size()); ++group) {
      if (apart_.updates.contains(result_.groups[group].nodes[0])) found.push_back(group);
    }
    return found;
  }

  // Can the map be computed element by element (or row by row) within the group?
  bool fits(ValueId id, const Group& group, int number) const {
    const Extents& extents = facts_.extents(id);
    switch (group.kind) {
      case Group::Kind::kRandom: return false;
      case Group::Kind::kContract: return extents == group.shape && reads_in_place(id, number);
      case Group::Kind::kColumns: {
        const bool whole = group.rank == 1 ? extents == Extents{group.shape.back()} : extents.empty();
        return whole && reads_in_place(id, number) && !reads_elsewhere(id);
      }
      case Group::Kind::kRows:
        if (is_row_vector(extents, group)) return reads_rows(id, number);
        if (extents.size() < 2 || group.shape.size() < 2)
          return extents == group.shape && reads_in_place(id, number);
        return facts_.split(id) == group.split && reads_in_place(id, number) &&
               (group.split == 1 ? matrix(extents, 1) == group.matrix() : extents == group.shape);
    }
    return false;
  }

  // Every operand out of the group is an element at the same place or, in a row group, a value of the same
  // row.
  bool reads_in_place(ValueId id, int number) const {
    const Node& node = facts_.node(id);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      if (result_.of(facts_, node.operands[i]) != number) continue;
      const Reading reading = facts_.reading(id, i);
      const bool same = reading == Reading::kElement || node.type.extents.empty();
      if (!same && !(reading == Reading::kRow && result_.groups[number].kind == Group::Kind::kRows))
        return false;
    }
    return true;
  }

  bool reads_elsewhere(ValueId id) const {
    for (std::size_t i = 0; i < facts_.node(id).operands.size(); ++i) {
      if (facts_.reading(id, i) == Reading::kAt) return true;
    }
    return false;
  }

  // A map over rows: its operands out of the group are values of the rows. Those of more than one axis have
  // to lie one after the other.
  bool reads_rows(ValueId id, int number) const {
    const std::vector<ValueId>& operands = facts_.node(id).operands;
    if (facts_.rank(id) > 1 && !facts_.is_dense(id)) return false;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const bool within = result_.of(facts_, operands[i]) == number;
      const Extents& computed = facts_.extents(facts_.root(operands[i]));
      if (within && !is_row_vector(computed, result_.groups[number])) return false;
      const bool matrix = facts_.rank(id) > 1 && facts_.reading(id, i) == Reading::kElement;
      if (!within && matrix && (!facts_.is_dense(operands[i]) || facts_.is_persistent(operands[i])))
        return false;
    }
    return true;
  }

  void place_reduce(ValueId id) {
    const ValueId operand = facts_.node(id).operands[0];
    const Reducing how = facts_.reducing(id);
    if (facts_.is_inlined(operand) || how == Reducing::kWindow) return place_window(id);
    if (!is_stored(operand)) return refuse(id, "reductions of numbers");
    const Extents& from = facts_.extents(operand);
    if (how == Reducing::kDownColumns) {
      if (from.size() == 1) return start(id, Group::Kind::kColumns, {from[0], 1}, 1);
      return start(id, Group::Kind::kColumns, from, from.size() - 1);
    }
    const int group = result_.of(facts_, operand);
    if (group >= 0 && result_.groups[group].kind == Group::Kind::kRows &&
        result_.groups[group].shape == from && result_.groups[group].split == from.size() - 1 &&
        !is_long_window(result_.groups[group]))
      return join(id, group);
    start(id, Group::Kind::kRows, from, from.size() - 1);
  }

  // What waits for the end of a row goes over it once more: of windows, only where their values stay in
  // registers.
  bool is_long_window(const Group& group) const {
    const graph::Op& op = facts_.node(group.nodes[0]).op;
    const bool window =
        std::holds_alternative<graph::Contract>(op) ||
        (std::holds_alternative<graph::Reduce>(op) && facts_.reducing(group.nodes[0]) == Reducing::kWindow);
    return window && group.shape.back() > kLanes;
  }

  // Beside another reduction over the same window, as a maximum and its place.
  void place_window(ValueId id) {
    const ValueId operand = facts_.node(id).operands[0];
    for (int group = 0; group < static_cast<int>(result_.groups.size()); ++group) {
      const ValueId first = result_.groups[group].nodes[0];
      if (result_.groups[group].kind == Group::Kind::kRows &&
          same_window(facts_.node(first), facts_.node(id)))
        return join(id, group);
    }
    start(id, Group::Kind::kRows);
    if (facts_.is_inlined(operand)) join(operand, result_.group_of[graph::index(id)]);
  }

  static bool same_window(const Node& a, const Node& b) {
    const auto *first = std::get_if<graph::Reduce>(&a.op), *second = std::get_if<graph::Reduce>(&b.op);
    return first && second && a.operands == b.operands && first->domain == second->domain &&
           first->operand == second->operand && first->result == second->result;
  }

  // Youngest first.
  std::vector<int> operand_groups(ValueId id) const {
    std::set<int> found;
    for (ValueId operand : facts_.node(id).operands) found.insert(result_.of(facts_, operand));
    found.erase(-1);
    return {found.rbegin(), found.rend()};
  }

  // Does another group that the node reads depend on `group`?
  bool makes_cycle(ValueId id, int group) const {
    for (int other : operand_groups(id)) {
      if (other != group && depends(other, group)) return true;
    }
    return false;
  }

  bool depends(int group, int target) const {
    std::set<int> seen;
    std::vector<int> open{group};
    while (!open.empty()) {
      int next = open.back();
      open.pop_back();
      if (next == target) return true;
      if (!seen.insert(next).second) continue;
      for (int dependency : dependencies(facts_, result_, next)) open.push_back(dependency);
    }
    return false;
  }

  const Facts& facts_;
  const Apart& apart_;
  Diagnostics& diagnostics_;
  Grouping result_;
  bool failed_ = false;
};

}  // namespace

bool is_row_vector(const Extents& extents, const Group& group) {
  return group.shape.size() >= 2 && group.split == group.shape.size() - 1 &&
         extents == Extents(group.shape.begin(), group.shape.end() - 1);
}

std::optional<Grouping> group_nodes(const Facts& facts, const Apart& apart, Diagnostics& diagnostics) {
  return Grouper(facts, apart, diagnostics).run();
}

std::set<int> dependencies(const Facts& facts, const Grouping& grouping, int group) {
  std::set<int> found;
  for (ValueId id : grouping.groups[group].nodes) {
    for (ValueId operand : facts.node(id).operands) found.insert(grouping.of(facts, operand));
  }
  found.erase(-1);
  found.erase(group);
  return found;
}

}  // namespace netc::kernel

#include "compiler/kernel/grouping.h"

#include <algorithm>

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
    std::visit(overloaded{[&](const graph::Map& map) { place_map(id, map); },
                          [&](const graph::Contract&) { place_contract(id); },
                          [&](const graph::Reduce& reduce) { place_reduce(id, reduce); },
                          [&](const graph::Random&) { start(id, Group::Kind::kRandom, flat(id)); },
                          [&](const graph::Reshape&) { place_reshape(id); },
                          [&](const graph::Remap&) { refuse(id, "slices, transposes and windows"); },
                          [&](const graph::Concat&) { refuse(id, "concatenation"); },
                          [&](const graph::Gather&) { refuse(id, "gather"); },
                          [&](const graph::ScatterAdd&) { refuse(id, "scatter_add"); },
                          [&](const graph::Scan&) { refuse(id, "scan"); },
                          [&](const graph::ScanResult&) { refuse(id, "scan"); }, [&](const auto&) {}},
               facts_.node(id).op);
  }

  // Another name for the same memory: the rows stay the rows.
  void place_reshape(ValueId id) {
    const ValueId operand = facts_.node(id).operands[0];
    const bool vector = facts_.rank(id) < 2;
    if (vector != (facts_.rank(operand) < 2) || facts_.matrix(id) != facts_.matrix(operand))
      refuse(id, "reshapes that change the first axis");
  }

  MatrixExtents flat(ValueId id) const { return facts_.matrix(id); }

  void start(ValueId id, Group::Kind kind, MatrixExtents extents) {
    result_.group_of[graph::index(id)] = static_cast<int>(result_.groups.size());
    result_.groups.push_back({kind, {id}, extents, facts_.rank(id)});
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
    if (facts_.rank(id) != 2 || !is_stored(operands[0]) || !is_stored(operands[1]))
      return refuse(id, "contractions of this form");
    start(id, Group::Kind::kContract, flat(id));
  }

  void place_map(ValueId id, const graph::Map& map) {
    const Node& node = facts_.node(id);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      if (facts_.is_uniform(node.operands[i])) continue;
      if (!facts_.reading(facts_.graph().type(node.operands[i]).extents, map.operands[i],
                          node.type.extents)) {
        return refuse(id, "reading a tensor in this way");
      }
    }
    // A label is read by its row: as a vector, labels are scattered over the data set.
    const bool needs_rows = facts_.rank(id) == 1 && reads_labels(node);
    for (int group : apart_.updates.contains(id) ? groups_apart() : operand_groups(id)) {
      if (needs_rows && !has_rows(result_.groups[group])) continue;
      if (fits(id, map, result_.groups[group], group) && !makes_cycle(id, group)) return join(id, group);
    }
    if (needs_rows) return refuse(id, "labels alone");
    start(id, Group::Kind::kRows, flat(id));
  }

  bool reads_labels(const Node& node) const {
    return std::any_of(node.operands.begin(), node.operands.end(), [&](ValueId operand) {
      return std::holds_alternative<graph::Input>(facts_.node(facts_.root(operand)).op) &&
             !facts_.is_uniform(operand);
    });
  }
  static bool has_rows(const Group& group) { return group.kind == Group::Kind::kRows && group.rank >= 2; }

  // Those that updates of the same kind have started, if they may be joined.
  std::vector<int> groups_apart() const {
    std::vector<int> found;
    for (int group = 0; apart_.together && group < static_cast<int>(result_.groups.size()); ++group) {
      if (apart_.updates.contains(result_.groups[group].nodes[0])) found.push_back(group);
    }
    return found;
  }

  // Can the map be computed element by element (or row by row) within the group?
  bool fits(ValueId id, const graph::Map& map, const Group& group, int number) const {
    const std::size_t rank = facts_.rank(id);
    switch (group.kind) {
      case Group::Kind::kRandom: return false;
      case Group::Kind::kContract:
        return rank >= 2 && facts_.matrix(id) == group.extents && reads_in_place(id, map, number);
      case Group::Kind::kColumns: {
        bool whole =
            group.rank == 1 ? rank == 1 && facts_.matrix(id).columns == group.extents.columns : rank == 0;
        return whole && reads_in_place(id, map, number);
      }
      case Group::Kind::kRows:
        if (rank == group.rank || (rank >= 2 && group.rank >= 2))
          return facts_.matrix(id) == group.extents && reads_in_place(id, map, number);
        return rank == 1 && group.rank >= 2 && facts_.graph().type(id).extents[0] == group.extents.rows &&
               reads_rows(id, number);
    }
    return false;
  }

  // Every operand out of the group is an element at the same place or, in a row group, a value of the same
  // row.
  bool reads_in_place(ValueId id, const graph::Map& map, int number) const {
    const Node& node = facts_.node(id);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      if (result_.of(facts_, node.operands[i]) != number) continue;
      const Extents& extents = facts_.graph().type(node.operands[i]).extents;
      Reading reading = *facts_.reading(extents, map.operands[i], node.type.extents);
      bool same = reading == Reading::kElement || node.type.extents.empty();
      if (!same && !(reading == Reading::kRow && result_.groups[number].kind == Group::Kind::kRows))
        return false;
    }
    return true;
  }

  // A map over rows: its operands out of the group are values of the rows.
  bool reads_rows(ValueId id, int number) const {
    const Node& node = facts_.node(id);
    return std::all_of(node.operands.begin(), node.operands.end(), [&](ValueId operand) {
      return result_.of(facts_, operand) != number || facts_.rank(operand) == 1;
    });
  }

  void place_reduce(ValueId id, const graph::Reduce& reduce) {
    ValueId operand = facts_.node(id).operands[0];
    const bool whole =
        graph::is_identity(reduce.operand) && reduce.domain == facts_.graph().type(operand).extents;
    const bool sum = reduce.kind == graph::ReduceKind::kSum;
    auto keeps = [&](std::uint32_t axis) { return reduce.result == graph::axes_map(std::array{axis}); };
    if (!is_stored(operand)) return refuse(id, "reductions of this form");
    if (whole && reduce.domain.size() == 1 && reduce.result.empty() && sum) {
      return start(id, Group::Kind::kColumns, {reduce.domain[0], 1});
    }
    if (!whole || reduce.domain.size() != 2) return refuse(id, "reductions of this form");
    if (keeps(1) && sum) return start(id, Group::Kind::kColumns, facts_.matrix(operand));
    if (!keeps(0)) return refuse(id, "reductions of this form");
    int group = result_.of(facts_, operand);
    if (group >= 0 && result_.groups[group].kind == Group::Kind::kRows &&
        result_.groups[group].extents == facts_.matrix(operand)) {
      return join(id, group);
    }
    start(id, Group::Kind::kRows, facts_.matrix(operand));
    result_.groups.back().rank = 2;
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

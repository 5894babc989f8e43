#include "compiler/kernel/order.h"

#include <algorithm>
#include <map>

namespace netc::kernel {

using graph::ValueId;

namespace {

class Orderer {
 public:
  Orderer(const Facts& facts, const Grouping& grouping)
      : facts_(facts), grouping_(grouping), before_(grouping.groups.size()) {
    for (int group = 0; group < count(); ++group) before_[group] = dependencies(facts, grouping, group);
    for (const graph::Update& update : facts.graph().updates)
      updaters_.insert(grouping.of(facts, update.next));
  }

  std::variant<Order, std::set<ValueId>> run() {
    std::set<ValueId> apart = reads_of_what_it_writes();
    if (!apart.empty()) return apart;
    add_anti_dependences();
    Order order;
    std::set<int> done;
    while (done.size() < grouping_.groups.size()) {
      int next = first_ready(done);
      if (next < 0) return updates_in_circles();
      if (!updaters_.contains(next)) {
        if (!seen_update_) order.check_before = order.groups.size() + 1;
      } else {
        seen_update_ = true;
      }
      order.groups.push_back(next);
      done.insert(next);
    }
    return order;
  }

 private:
  int count() const { return static_cast<int>(grouping_.groups.size()); }

  // A group may not write in place what its own contraction or column sum reads elsewhere.
  std::set<ValueId> reads_of_what_it_writes() const {
    std::set<ValueId> apart;
    for (const graph::Update& update : facts_.graph().updates) {
      const Group& group = grouping_.groups[grouping_.of(facts_, update.next)];
      const graph::Node& first = facts_.node(group.nodes[0]);
      if (std::holds_alternative<graph::Map>(first.op)) continue;
      for (ValueId operand : first.operands) {
        if (facts_.root(operand) == update.leaf) apart.insert(update.next);
      }
    }
    return apart;
  }

  void add_anti_dependences() {
    for (const graph::Update& update : facts_.graph().updates) {
      int writer = grouping_.of(facts_, update.next);
      for (int group = 0; group < count(); ++group) {
        if (group != writer && reads(group, update.leaf)) before_[writer].insert(group);
      }
      for (const graph::Output& output : facts_.graph().outputs) {
        int group = grouping_.of(facts_, output.value);
        if (group >= 0 && group != writer) before_[writer].insert(group);
      }
    }
  }

  bool reads(int group, ValueId leaf) const {
    for (ValueId id : grouping_.groups[group].nodes) {
      for (ValueId operand : facts_.node(id).operands) {
        if (facts_.root(operand) == leaf) return true;
      }
    }
    return false;
  }

  // What only computes goes before what updates, so that the loss is tested early; else graph order.
  int first_ready(const std::set<int>& done) const {
    int found = -1;
    for (int group = 0; group < count(); ++group) {
      if (done.contains(group)) continue;
      bool ready = std::includes(done.begin(), done.end(), before_[group].begin(), before_[group].end());
      if (ready && (found < 0 || (updaters_.contains(found) && !updaters_.contains(group)))) found = group;
    }
    return found;
  }

  // Of groups that would have to stand before themselves: as a mean that the layers behind it need, and that
  // a state follows once the loss is known.
  std::set<ValueId> updates_in_circles() const {
    std::set<ValueId> apart;
    for (const graph::Update& update : facts_.graph().updates) {
      const int group = grouping_.of(facts_, update.next);
      if (stands_before(group, group)) apart.insert(update.next);
    }
    return apart;
  }

  bool stands_before(int first, int second) const {
    std::set<int> seen;
    std::vector<int> open(before_[second].begin(), before_[second].end());
    while (!open.empty()) {
      const int group = open.back();
      open.pop_back();
      if (group == first) return true;
      if (seen.insert(group).second) open.insert(open.end(), before_[group].begin(), before_[group].end());
    }
    return false;
  }

  const Facts& facts_;
  const Grouping& grouping_;
  std::vector<std::set<int>> before_;
  std::set<int> updaters_;
  bool seen_update_ = false;
};

}  // namespace

std::variant<Order, std::set<ValueId>> order_groups(const Facts& facts, const Grouping& grouping) {
  return Orderer(facts, grouping).run();
}

}  // namespace netc::kernel

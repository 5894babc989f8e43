#pragma once
// In which order the groups run.

#include <set>
#include <variant>
#include <vector>

#include "compiler/kernel/grouping.h"

namespace netc::kernel {

struct Order {
  std::vector<int> groups;
  std::size_t check_before = 0;  // the loss is known before this place, and nothing is updated before it
};

// Groups after those they read from; groups that write a leaf in place after all others that read its old
// value and after the loss. Where that cannot be, returns the update nodes that have to become kernels of
// their own (their gradients are then materialised).
std::variant<Order, std::set<graph::ValueId>> order_groups(const Facts& facts, const Grouping& grouping);

}  // namespace netc::kernel

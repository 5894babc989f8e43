#include "compiler/graph/graph.h"

#include <algorithm>

namespace netc::graph {

std::int64_t element_count(const Extents& extents) {
  std::int64_t count = 1;
  for (std::int64_t extent : extents) count *= extent;
  return count;
}

ValueId Graph::add(Node node) {
  nodes.push_back(std::move(node));
  return static_cast<ValueId>(nodes.size() - 1);
}

std::optional<ValueId> Graph::output(std::string_view name) const {
  auto place =
      std::find_if(outputs.begin(), outputs.end(), [&](const Output& output) { return output.name == name; });
  if (place == outputs.end()) return std::nullopt;
  return place->value;
}

}  // namespace netc::graph

#include <algorithm>

#include "compiler/graph/index_map.h"
#include "compiler/graph/sum.h"
#include "compiler/training/rewrite.h"

namespace netc::training {

namespace {

using namespace graph;

class Gatherer {
 public:
  Gatherer(const Graph& graph, const Node& node, Sum sum)
      : graph_(graph), node_(node), sum_(std::move(sum)) {}

  void run() {
    for (std::size_t entry = 0; entry < sum_.result->size(); ++entry) {
      if ((*sum_.result)[entry].terms.size() < 2) continue;
      if (std::optional<AffineTerm> term = solvable_term(entry)) solve(entry, *term);
    }
  }

 private:
  // Of the entry's longest axis, if it can be solved for. Solving for another would make the domain grow by
  // more than what hangs over at the ends.
  std::optional<AffineTerm> solvable_term(std::size_t entry) const {
    const std::vector<AffineTerm>& terms = (*sum_.result)[entry].terms;
    const AffineTerm longest = *std::ranges::max_element(
        terms, {}, [&](const AffineTerm& term) { return (*sum_.domain)[term.axis]; });
    const bool solvable = std::abs(longest.coefficient) == 1 && !is_used_elsewhere(longest.axis, entry) &&
                          is_guarded(longest.axis);
    return solvable ? std::optional(longest) : std::nullopt;
  }

  bool is_used_elsewhere(std::uint32_t axis, std::size_t entry) const {
    for (std::size_t i = 0; i < sum_.result->size(); ++i) {
      if (i != entry && used_axes({(*sum_.result)[i]}, sum_.domain->size())[axis]) return true;
    }
    return false;
  }

  // Some operand is outside, and so 0, exactly where the axis is outside of the domain.
  bool is_guarded(std::uint32_t axis) const {
    const AffineIndex plain{.offset = 0, .terms = {{axis, 1}}};
    for (std::size_t i = 0; i < sum_.operands.size(); ++i) {
      const Extents& extents = graph_.type(node_.operands[i]).extents;
      for (std::size_t k = 0; k < extents.size(); ++k) {
        if ((*sum_.operands[i])[k] == plain && extents[k] == (*sum_.domain)[axis]) return true;
      }
    }
    return false;
  }

  // From h = offset + c * d + others, where c is 1 or -1: d = c * (h - offset - others). The axis now counts
  // h.
  void solve(std::size_t entry, AffineTerm term) {
    const AffineIndex& sum = (*sum_.result)[entry];
    AffineIndex solved{.offset = -term.coefficient * sum.offset, .terms = {}};
    for (const AffineTerm& other : sum.terms) {
      solved.terms.push_back(
          {other.axis, other.axis == term.axis ? term.coefficient : -term.coefficient * other.coefficient});
    }
    IndexMap inner = identity_map(sum_.domain->size());
    inner[term.axis] = std::move(solved);
    for (IndexMap* map : sum_.operands) *map = compose(*map, inner);
    *sum_.result = compose(*sum_.result, inner);
    (*sum_.domain)[term.axis] = node_.type.extents[entry];
  }

  const Graph& graph_;
  const Node& node_;
  Sum sum_;
};

}  // namespace

Graph gather_results(Graph graph) {
  for (Node& node : graph.nodes) {
    if (std::optional<Sum> sum = sum_of(node.op)) Gatherer(graph, node, std::move(*sum)).run();
  }
  return graph;
}

}  // namespace netc::training

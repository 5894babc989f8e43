#include "compiler/graph/index_map.h"

#include <algorithm>

namespace netc::graph {

IndexMap axes_map(std::span<const std::uint32_t> axes) {
  IndexMap map;
  map.reserve(axes.size());
  for (std::uint32_t axis : axes) map.push_back({.offset = 0, .terms = {{axis, 1}}});
  return map;
}

IndexMap identity_map(std::size_t rank) {
  IndexMap map(rank);
  for (std::size_t i = 0; i < rank; ++i) map[i].terms = {{static_cast<std::uint32_t>(i), 1}};
  return map;
}

std::optional<std::uint32_t> plain_axis(const AffineIndex& entry) {
  if (entry.offset != 0 || entry.terms.size() != 1 || entry.terms[0].coefficient != 1) return std::nullopt;
  return entry.terms[0].axis;
}

namespace {

void add_term(AffineIndex& entry, AffineTerm term) {
  auto place = std::find_if(entry.terms.begin(), entry.terms.end(),
                            [&](const AffineTerm& other) { return other.axis >= term.axis; });
  if (place == entry.terms.end() || place->axis != term.axis) {
    if (term.coefficient != 0) entry.terms.insert(place, term);
    return;
  }
  place->coefficient += term.coefficient;
  if (place->coefficient == 0) entry.terms.erase(place);
}

}  // namespace

bool is_identity(const IndexMap& map) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (plain_axis(map[i]) != i) return false;
  }
  return true;
}

std::int64_t at(const AffineIndex& entry, std::span<const std::int64_t> d) {
  std::int64_t value = entry.offset;
  for (const AffineTerm& term : entry.terms) value += term.coefficient * d[term.axis];
  return value;
}

IndexMap compose(const IndexMap& outer, const IndexMap& inner) {
  if (is_identity(inner)) return outer;
  IndexMap map;
  map.reserve(outer.size());
  for (const AffineIndex& entry : outer) {
    AffineIndex result{.offset = entry.offset, .terms = {}};
    for (const AffineTerm& term : entry.terms) {
      const AffineIndex& source = inner[term.axis];
      result.offset += term.coefficient * source.offset;
      for (const AffineTerm& deeper : source.terms) {
        add_term(result, {deeper.axis, term.coefficient * deeper.coefficient});
      }
    }
    map.push_back(std::move(result));
  }
  return map;
}

bool stays_inside(const IndexMap& map, const Extents& domain, const Extents& extents) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    std::int64_t least = map[i].offset, most = map[i].offset;
    for (const AffineTerm& term : map[i].terms) {
      std::int64_t reach = term.coefficient * (domain[term.axis] - 1);
      (reach < 0 ? least : most) += reach;
    }
    if (least < 0 || most >= extents[i]) return false;
  }
  return true;
}

std::optional<IndexMap> inverse_of(const IndexMap& map, std::size_t domain_rank) {
  if (map.size() != domain_rank) return std::nullopt;
  IndexMap inverse(domain_rank);
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map[i].terms.size() != 1 || map[i].terms[0].coefficient != 1) return std::nullopt;
    AffineIndex& source = inverse[map[i].terms[0].axis];
    if (!source.terms.empty()) return std::nullopt;
    source = {.offset = -map[i].offset, .terms = {{static_cast<std::uint32_t>(i), 1}}};
  }
  return inverse;
}

bool is_separable(const IndexMap& map) {
  std::vector<std::uint32_t> seen;
  for (const AffineIndex& entry : map) {
    if (entry.terms.size() > 1) return false;
    for (const AffineTerm& term : entry.terms) {
      if (term.coefficient == 0 || std::find(seen.begin(), seen.end(), term.axis) != seen.end()) return false;
      seen.push_back(term.axis);
    }
  }
  return true;
}

bool is_in_parts(const AffineIndex& entry, std::uint32_t axis, const Extents& domain, std::int64_t extent) {
  const std::int64_t size = extent / domain[axis];
  AffineIndex within = entry;
  const auto found = std::ranges::find(within.terms, axis, &AffineTerm::axis);
  if (extent % domain[axis] != 0 || found == within.terms.end() || found->coefficient != size) return false;
  within.terms.erase(found);
  return stays_inside({within}, domain, {size});
}

std::vector<bool> used_axes(const IndexMap& map, std::size_t rank) {
  std::vector<bool> used(rank, false);
  for (const AffineIndex& entry : map) {
    for (const AffineTerm& term : entry.terms) {
      if (term.coefficient != 0) used[term.axis] = true;
    }
  }
  return used;
}

}  // namespace netc::graph

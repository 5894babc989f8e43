#pragma once
// Arithmetic on index maps.

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::graph {

// The value of each entry at point `d`.
std::int64_t at(const AffineIndex& entry, std::span<const std::int64_t> d);

// d -> outer(inner(d)). Where inner(d) may leave the tensor that `inner` points into, the composition is no
// substitute for reading that tensor, whose outside is 0: ask `stays_inside` first.
IndexMap compose(const IndexMap& outer, const IndexMap& inner);

// No point of the domain is taken outside of `extents`.
bool stays_inside(const IndexMap& map, const Extents& domain, const Extents& extents);

// If the map is a bijection from the domain to `extents` that only reorders axes: its inverse.
std::optional<IndexMap> inverse_permutation(const IndexMap& map, const Extents& domain,
                                            const Extents& extents);

// Each entry uses at most one axis, with a coefficient that is not 0, and no axis appears twice.
bool is_separable(const IndexMap& map);

// For each axis of a domain of that rank: whether the map's value depends on it.
std::vector<bool> used_axes(const IndexMap& map, std::size_t rank);

}  // namespace netc::graph

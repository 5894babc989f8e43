#pragma once
// Arithmetic on index maps.

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::graph {

// The axis, if the entry is just that axis.
std::optional<std::uint32_t> plain_axis(const AffineIndex& entry);

// The value of each entry at point `d`.
std::int64_t at(const AffineIndex& entry, std::span<const std::int64_t> d);

// d -> outer(inner(d)). Where inner(d) may leave the tensor that `inner` points into, the composition is no
// substitute for reading that tensor, whose outside is 0: ask `stays_inside` first.
IndexMap compose(const IndexMap& outer, const IndexMap& inner);

// No point of the domain is taken outside of `extents`.
bool stays_inside(const IndexMap& map, const Extents& domain, const Extents& extents);

// Where the point of the domain lies that the map takes to an element; empty unless the map only reorders and
// shifts the axes of a domain of that rank. It may lie outside of the domain: then no point is taken there.
std::optional<IndexMap> inverse_of(const IndexMap& map, std::size_t domain_rank);

// Each entry uses at most one axis, with a coefficient that is not 0, and no axis appears twice.
bool is_separable(const IndexMap& map);

// Does the entry go through the extent in as many equal parts as `axis` of the domain has places, one for
// each? Then it is the axis itself, or that times the size of a part and something within the part.
bool is_in_parts(const AffineIndex& entry, std::uint32_t axis, const Extents& domain, std::int64_t extent);

// For each axis of a domain of that rank: whether the map's value depends on it.
std::vector<bool> used_axes(const IndexMap& map, std::size_t rank);

}  // namespace netc::graph

#pragma once
// Windows: a reduction or contraction of the graph goes over a domain and says where each point adds to the
// result; a kernel goes over the result's elements and needs to know which points meet in each.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

struct Points {
  Window window;
  // Each axis of the domain, over the axes of the result, the window and the divisions.
  std::vector<AffineIndex> axes;
  graph::Extents extents;  // of those of them that are counted: the result's and the window's

  // A map of the domain as a map of the points.
  IndexMap at(const IndexMap& map) const;
  // What has to hold for a map of the points to stay inside of a tensor, where that is neither always so nor
  // asked of all points.
  std::vector<Range> leaving(const IndexMap& at, const graph::Extents& extents) const;
  // Points that leave the tensor take no part.
  void require_inside(const IndexMap& at, const graph::Extents& extents);
};

Points points_of(const graph::Extents& domain, const IndexMap& result, const graph::Extents& result_extents);

}  // namespace netc::kernel

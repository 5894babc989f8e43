#pragma once
// The scalar part of a kernel from the graph nodes that it computes.

#include <functional>
#include <map>
#include <set>

#include "compiler/kernel/buffers.h"
#include "compiler/kernel/grouping.h"

namespace netc::kernel {

struct BodyRequest {
  const Facts& facts;
  const Group& group;
  BufferTable& buffers;
  std::uint32_t minor_axis = 1;                    // the tensor axis along the kernel's columns
  const std::set<graph::ValueId>& wanted_outside;  // nodes that others read
};

// Statements in node order, with stores of what is wanted outside and of the next values of leaves (in
// place). The first node of a contraction or a column sum is the accumulator.
Body build_body(const BodyRequest& request);

}  // namespace netc::kernel

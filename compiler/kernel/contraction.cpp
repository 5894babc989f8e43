#include "compiler/kernel/contraction.h"

#include <algorithm>

#include "compiler/graph/index_map.h"

namespace netc::kernel {

using graph::ValueId;

namespace {

// Each tensor dimension's domain axis, where every dimension is one plain axis.
std::optional<std::vector<std::uint32_t>> plain_axes(const graph::IndexMap& map) {
  std::vector<std::uint32_t> axes;
  for (const graph::AffineIndex& index : map) {
    const std::optional<std::uint32_t> axis = graph::plain_axis(index);
    if (!axis) return std::nullopt;
    axes.push_back(*axis);
  }
  return axes;
}

// The domain axes of a matrix product.
struct Roles {
  std::vector<std::uint32_t> a, b, result;
  std::uint32_t k = 0;
};

bool has(const std::vector<std::uint32_t>& axes, std::uint32_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

std::uint32_t place_of(const std::vector<std::uint32_t>& axes, std::uint32_t axis) {
  return static_cast<std::uint32_t>(std::find(axes.begin(), axes.end(), axis) - axes.begin());
}

std::optional<Roles> find_roles(const graph::Contract& contract) {
  auto a = plain_axes(contract.a), b = plain_axes(contract.b), result = plain_axes(contract.result);
  if (!a || !b || !result || a->size() != 2 || b->size() != 2 || result->size() != 2 ||
      contract.domain.size() != 3)
    return std::nullopt;
  Roles roles{*a, *b, *result};
  for (std::uint32_t axis = 0; axis < 3; ++axis) {
    const int uses = has(*a, axis) + has(*b, axis) + has(*result, axis);
    if (uses != 2) return std::nullopt;
    if (!has(*result, axis)) roles.k = axis;
  }
  return roles;
}

// The orientation with result axis `minor` along the columns, if the operands can be read so.
std::optional<Orientation> try_axis(const Facts& facts, const graph::Node& node, const Roles& roles,
                                    std::uint32_t minor) {
  const std::uint32_t axis = roles.result[minor];
  Orientation orientation;
  orientation.minor_axis = minor;
  orientation.b_operand = has(roles.b, axis) ? 1 : 0;
  orientation.b_minor_axis = place_of(orientation.b_operand == 1 ? roles.b : roles.a, axis);
  const bool readable =
      facts.is_persistent(node.operands[orientation.b_operand]) || orientation.b_minor_axis == 1;
  // A is read one element at a time along rows of memory, which panels do not have.
  if (!readable || facts.is_persistent(node.operands[1 - orientation.b_operand])) return std::nullopt;
  return orientation;
}

// From one row of a matrix to the next.
std::int64_t row_stride(const Facts& facts, ValueId matrix, const Buffer& buffer) {
  return buffer.is_dense() ? facts.extents(matrix)[1] : buffer.layout.row_stride;
}

// Are vectors of 16 k cheaper than one that few columns do not fill? Summing up the lanes in the end costs as
// much as these many more.
bool pays_as_dots(std::int64_t columns, std::int64_t k) {
  constexpr std::int64_t kSummingUp = 2;
  return columns < kLanes && columns * (blocks_of(k) + kSummingUp) < k;
}

}  // namespace

bool is_matrix_product(const Facts& facts, ValueId id) {
  const graph::Node& node = facts.node(id);
  const std::optional<Roles> roles = find_roles(std::get<graph::Contract>(node.op));
  return roles && try_axis(facts, node, *roles, 1);
}

Orientation orient(const Facts& facts, ValueId id, bool free) {
  const graph::Node& node = facts.node(id);
  const auto& contract = std::get<graph::Contract>(node.op);
  const Roles roles = *find_roles(contract);
  const std::optional<Orientation> first = try_axis(facts, node, roles, 0);
  auto padded = [&](std::uint32_t minor) {
    return contract.domain[roles.result[1 - minor]] * blocks_of(contract.domain[roles.result[minor]]) *
           kLanes;
  };
  return first && free && padded(0) < padded(1) ? *first : *try_axis(facts, node, roles, 1);
}

ContractKernel contract_kernel(const Facts& facts, ValueId id, const Orientation& orientation,
                               BufferTable& buffers) {
  const graph::Node& node = facts.node(id);
  const auto& contract = std::get<graph::Contract>(node.op);
  const Roles roles = *find_roles(contract);
  ContractKernel kernel;
  kernel.k = contract.domain[roles.k];
  const ValueId a = node.operands[1 - orientation.b_operand], b = node.operands[orientation.b_operand];
  kernel.a = buffers.of(a);
  const std::vector<std::uint32_t>& a_axes = orientation.b_operand == 1 ? roles.a : roles.b;
  const std::int64_t a_stride = row_stride(facts, a, buffers.buffer(kernel.a));
  const bool k_is_minor = a_axes[1] == roles.k;
  kernel.a_row_stride = k_is_minor ? a_stride : 1;
  kernel.a_k_stride = k_is_minor ? 1 : a_stride;
  const std::int64_t columns = contract.domain[roles.result[orientation.minor_axis]];
  if (k_is_minor && facts.is_persistent(b) && pays_as_dots(columns, kernel.k)) {
    kernel.b = buffers.of(b, 1 - orientation.b_minor_axis);
    const Layout& layout = buffers.buffer(kernel.b).layout;
    kernel.dots = Dots{layout.row_stride, layout.block_stride};
    return kernel;
  }
  kernel.b = facts.is_persistent(b) ? buffers.of(b, orientation.b_minor_axis) : buffers.of(b);
  kernel.b_k_stride = row_stride(facts, b, buffers.buffer(kernel.b));
  kernel.b_block_stride = buffers.buffer(kernel.b).layout.block_stride;
  return kernel;
}

}  // namespace netc::kernel

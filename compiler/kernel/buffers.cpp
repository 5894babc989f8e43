#include "compiler/kernel/buffers.h"

#include <algorithm>

#include "compiler/support/check.h"

namespace netc::kernel {

using graph::ValueId;

namespace {

constexpr std::int64_t kLine = 64;  // bytes of a cache line

std::int64_t round_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

// Panels that begin at one offset of a 4 KiB page look the same to a processor that has just written to one
// and reads the next: they are kept a tile's height apart.
std::int64_t panel_rows(std::int64_t rows) {
  constexpr std::int64_t kPage = 64, kTile = 16;  // in lines
  const std::int64_t offset = rows % kPage;
  if (rows < kTile || (offset >= kTile && offset <= kPage - kTile)) return rows;
  return (offset < kTile ? rows - offset : rows - offset + kPage) + kTile + 1;
}

Layout panels(std::uint32_t minor_axis, std::int64_t rows) {
  return {minor_axis, kLanes, panel_rows(rows) * kLanes};
}

Layout padded_rows(std::int64_t columns) { return {1, (blocks_of(columns) | 1) * kLanes, kLanes}; }

}  // namespace

std::uint32_t BufferTable::master_axis(ValueId value) const {
  auto found = minor_axes_.find(value);
  return found == minor_axes_.end() ? facts_.last_axis(value) : found->second;
}

Buffer BufferTable::describe(ValueId value, std::uint32_t minor_axis) const {
  const graph::Node& node = facts_.node(value);
  const std::int64_t elements = graph::element_count(node.type.extents);
  Buffer buffer;
  buffer.name = node.name.empty() ? "v" + std::to_string(graph::index(value)) : node.name;
  buffer.dtype = node.type.dtype;
  buffer.extents = node.type.extents;
  if (facts_.rank(value) > 0)
    buffer.columns = node.type.extents[std::min<std::size_t>(minor_axis, facts_.rank(value) - 1)];
  buffer.rows = elements / buffer.columns;
  if (std::holds_alternative<graph::Input>(node.op)) {
    buffer.storage = node.name == graph::kLabels ? Storage::kLabels : Storage::kSamples;
    buffer.rows = node.type.extents[0];
    buffer.columns = elements / buffer.rows;
    buffer.layout = {1, buffer.columns, kLanes};
    return buffer;
  }
  const auto* parameter = std::get_if<graph::Parameter>(&node.op);
  const auto* state = std::get_if<graph::State>(&node.op);
  if (parameter) buffer.initializer = parameter->initializer;
  if (state) buffer.initializer = {graph::Initializer::Kind::kConstant, state->initial};
  if (parameter || state) {
    buffer.storage = Storage::kPersistent;
    buffer.leaf = node.name;
    buffer.parameter = parameter != nullptr;
  }
  const bool random = std::holds_alternative<graph::Random>(node.op);
  const bool dense = random || facts_.is_dense(value);
  if (facts_.rank(value) < 2) {
    buffer.layout = {1, 0, kLanes};
  } else if (buffer.storage == Storage::kPersistent) {
    buffer.layout = panels(minor_axis, buffer.rows);
  } else if (dense) {
    buffer.layout = {minor_axis, buffer.columns, kLanes};
  } else {
    buffer.rows = node.type.extents[0];
    buffer.columns = elements / buffer.rows;
    buffer.layout = padded_rows(buffer.columns);
  }
  std::int64_t size =
      std::max({(buffer.rows - 1) * buffer.layout.row_stride + round_up(buffer.columns, kLanes),
                blocks_of(buffer.columns) * buffer.layout.block_stride, kLanes});
  if (random) size = round_up(elements, 64);
  // A last line beyond the end, so that whole vectors may be read from any element.
  const bool in_panels = buffer.storage == Storage::kPersistent && facts_.rank(value) > 1;
  buffer.bytes = round_up(size * element_bytes(buffer.dtype), kLine) + (in_panels ? 0 : kLine);
  return buffer;
}

BufferId BufferTable::add(Buffer buffer) {
  plan_.buffers.push_back(std::move(buffer));
  return static_cast<BufferId>(plan_.buffers.size() - 1);
}

BufferId BufferTable::of(ValueId value) {
  value = facts_.root(value);
  return of(value, master_axis(value));
}

BufferId BufferTable::of(ValueId value, std::uint32_t minor_axis) {
  // The last axis of a reshaped value has another number in the value behind it.
  if (minor_axis == facts_.last_axis(value)) minor_axis = facts_.last_axis(facts_.root(value));
  value = facts_.root(value);
  // A single column is the same, whichever axis it is.
  const graph::Extents& extents = facts_.extents(value);
  const std::uint32_t master = master_axis(value);
  if (extents.size() > 1 && extents[minor_axis] == 1 && extents[master] == 1) minor_axis = master;
  auto [place, is_new] = buffers_.try_emplace({value, minor_axis});
  if (is_new) {
    Buffer buffer = describe(value, minor_axis);
    NETC_CHECK(minor_axis == facts_.last_axis(value) || buffer.storage == Storage::kPersistent,
               "only parameters and state lie with another axis than the last along the columns");
    place->second = add(std::move(buffer));
  }
  return place->second;
}

std::vector<BufferId> BufferTable::copies_of(ValueId leaf) const {
  std::vector<BufferId> copies;
  for (const auto& [key, buffer] : buffers_) {
    if (key.first == leaf && key.second != master_axis(leaf)) copies.push_back(buffer);
  }
  return copies;
}

bool follows(const Buffer& buffer, const Kernel& kernel) {
  return buffer.is_dense() && buffer.rows * buffer.columns == kernel.rows * kernel.columns;
}

std::int64_t row_stride(const Buffer& buffer, const Kernel& kernel) {
  if (follows(buffer, kernel)) return kernel.columns;
  return buffer.extents.size() == 1 && kernel.rows > 1 && kernel.columns == 1 ? 1 : buffer.layout.row_stride;
}

}  // namespace netc::kernel

#pragma once
// Which buffers a plan has, and how each lies in memory.

#include <map>
#include <string>

#include "compiler/kernel/facts.h"
#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// Makes buffers as values are first asked for.
//
// Layouts. Matrices of activations are rows of an odd number of cache lines (so that neighbouring rows do not
// fall on one cache set); images, and what is reshaped to or from them, are dense. Parameters of two axes and
// more, and what is shaped like them for the optimizer, are panels: [blocks][rows][16], with a few rows more
// where panels would begin at one offset of a page. Vectors are contiguous.
class BufferTable {
 public:
  BufferTable(const Facts& facts, Plan& plan) : facts_(facts), plan_(plan) {}

  // The master copy of a parameter or state lies with this axis along its columns. Call before it is first
  // asked for.
  void set_minor_axis(graph::ValueId leaf, std::uint32_t axis) { minor_axes_[leaf] = axis; }

  // The buffer that holds a value, as it was first laid out.
  BufferId of(graph::ValueId value);
  // The same with the wanted axis along the columns and the others, in order, along the rows: for a parameter
  // another copy if need be. Activations have only their last axis there.
  BufferId of(graph::ValueId value, std::uint32_t minor_axis);
  // Copies of a leaf's master: they are rewritten whenever the master is.
  std::vector<BufferId> copies_of(graph::ValueId leaf) const;
  void make_private(BufferId buffer) { plan_.buffers[index(buffer)].storage = Storage::kPrivate; }

  BufferId add(Buffer buffer);
  const Buffer& buffer(BufferId id) const { return plan_.buffer(id); }

 private:
  using Key = std::pair<graph::ValueId, std::uint32_t>;
  Buffer describe(graph::ValueId value, std::uint32_t minor_axis) const;
  std::uint32_t master_axis(graph::ValueId value) const;

  const Facts& facts_;
  Plan& plan_;
  std::map<Key, BufferId> buffers_;
  std::map<graph::ValueId, std::uint32_t> minor_axes_;
};

// A dense buffer of as many elements: its rows are as long as the kernel's.
bool follows(const Buffer& buffer, const Kernel& kernel);
// Elements to the next row of `buffer` where a kernel reads it element by element; a vector read as a column
// has stride 1.
std::int64_t row_stride(const Buffer& buffer, const Kernel& kernel);

}  // namespace netc::kernel

#pragma once
// A contraction's roles: which axes are rows, columns and k, and which operand is broadcast.

#include <optional>

#include "compiler/kernel/buffers.h"
#include "compiler/support/diagnostics.h"

namespace netc::kernel {

// How a group lies: the tensor axis along the columns; of a contraction also which operand is `b` (contiguous
// over the columns) and which of its axes lies along the columns.
struct Orientation {
  std::uint32_t minor_axis = 1;
  std::uint32_t b_operand = 1;
  std::uint32_t b_minor_axis = 1;
  friend bool operator==(const Orientation&, const Orientation&) = default;
};

// The orientation with the least padding among those that the operands' layouts allow; the last axis along
// the columns among equals, and always unless `free`: then the result is stored nowhere else than in the
// leaves that it updates. Empty exactly when a diagnostic was emitted.
std::optional<Orientation> orient(const Facts& facts, graph::ValueId contract, bool free,
                                  Diagnostics& diagnostics);

ContractKernel contract_kernel(const Facts& facts, graph::ValueId contract, const Orientation& orientation,
                               BufferTable& buffers);

}  // namespace netc::kernel

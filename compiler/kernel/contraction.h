#pragma once
// A contraction's roles: which axes are rows, columns and k, and which operand is broadcast.

#include <optional>

#include "compiler/kernel/buffers.h"

namespace netc::kernel {

// How a group lies: the tensor axis along the columns; of a contraction also which operand is `b` (contiguous
// over the columns) and which of its axes lies along the columns.
struct Orientation {
  std::uint32_t minor_axis = 1;
  std::uint32_t b_operand = 1;
  std::uint32_t b_minor_axis = 1;
  friend bool operator==(const Orientation&, const Orientation&) = default;
};

// A product of two matrices whose operands can be read so: all other contractions go over windows.
bool is_matrix_product(const Facts& facts, graph::ValueId contract);

// The orientation of a matrix product: the last axis along the columns, unless the first has less padding and
// the product is `free`: then the result is stored nowhere else than in the leaves that it updates.
Orientation orient(const Facts& facts, graph::ValueId contract, bool free);

ContractKernel contract_kernel(const Facts& facts, graph::ValueId contract, const Orientation& orientation,
                               BufferTable& buffers);

}  // namespace netc::kernel

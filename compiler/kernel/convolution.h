#pragma once
// Contractions over places in images: convolutions in their three directions, whatever their strides,
// dilation and borders. What is left of one without them is a matrix product.

#include <optional>

#include "compiler/kernel/buffers.h"

namespace netc::kernel {

// How one can be computed in register tiles: which operand is broadcast, which axis of the other lies along
// the columns.
struct Convolution {
  graph::ValueId a{}, b{};
  std::uint32_t b_minor_axis = 0;
  Positions positions;
};

// The last axis of the result lies along the columns, the others along the rows. Empty where a tile would not
// do: groups of channels, scattered results, parameters on both sides.
std::optional<Convolution> find_convolution(const Facts& facts, graph::ValueId contract);

ContractKernel convolution_kernel(const Convolution& convolution, BufferTable& buffers);

}  // namespace netc::kernel

#pragma once
// Kernels that go over the samples together.

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/target.h"

namespace netc::kernel {

// Into how many parts the samples of a batch are divided: at most 16, equally large; 1: they are not.
std::int64_t parts_of_batch(std::int64_t batch);

// Neighbouring kernels whose tiles go over the samples in order, and which read of each other's results only
// those of the same samples, become a band: a thread runs all of them for one part of the samples, then for
// the next, so that a large result is still in its cache when it is read. What is not read elsewhere has
// memory for one part alone. The kernels have their schedules and accesses; those of a band are changed.
void find_bands(Plan& plan, const Target& target);

}  // namespace netc::kernel

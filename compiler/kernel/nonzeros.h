#pragma once
// Contractions that read what is computed from samples: data is often mostly zeros, and it comes from
// anywhere in memory.

#include "compiler/kernel/kernel.h"
#include "compiler/kernel/schedule.h"

namespace netc::kernel {

// Gives contractions that broadcast what is computed from samples (pixels, one-hot columns) their Nonzeros,
// and adds the kernels that mark them. Whether zeros are passed over is decided at run time, by how many
// there are, unless `overrides` want it never.
void add_nonzeros(Plan& plan, const ScheduleOverrides& overrides);

// The last contraction over all columns that reads what is computed from samples fetches those of the next
// batch.
void add_fetches(Plan& plan);

}  // namespace netc::kernel

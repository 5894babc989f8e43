#pragma once
// Data that is mostly zeros: contractions that read it may pass over them.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// Gives contractions that broadcast what is computed from samples (pixels, one-hot columns) their Nonzeros,
// and adds the kernels that mark them. Whether zeros are passed over is decided at run time, by how many
// there are.
void add_nonzeros(Plan& plan);

}  // namespace netc::kernel

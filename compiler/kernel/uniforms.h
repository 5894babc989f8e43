#pragma once
// Sub-expressions of the step's numbers alone are computed once a step, in double, and not once an element.

#include "compiler/kernel/kernel.h"

namespace netc::kernel {

// `body` with each such sub-expression replaced by one of the plan's uniforms (shared between kernels), and
// division by one, or by a constant, by a product with its reciprocal. Leaves no operand of kind kStepNumber.
Body hoist_uniforms(Plan& plan, const Body& body);

}  // namespace netc::kernel

#pragma once
// What dropout and spatial_dropout share.

#include "compiler/layers/layer.h"

namespace netc {

// x / (1 - rate) where random >= rate, else 0. Operands: x, random.
graph::ScalarExpr drop(double rate);

// The parameter `rate`.
ParameterDef rate_parameter();

}  // namespace netc

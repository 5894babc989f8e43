#pragma once

#include "compiler/network/outline.h"
#include "compiler/network/values.h"

namespace netc {

// Says what a name is that stands where a layer does, and is none.
void report_unknown_layer(const ast::Name& name, const Outline& outline, const Values& values);

}  // namespace netc

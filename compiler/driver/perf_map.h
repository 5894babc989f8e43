#pragma once
// Where Linux's perf looks for the names of code that no file holds.

#include <string>

#include "compiler/codegen/codegen.h"

namespace netc::driver {

// Of this process.
std::string perf_map_path();
// `ADDRESS SIZE NAME` for each kernel, numbers in hexadecimal.
std::string perf_map(const codegen::Code& code);

}  // namespace netc::driver

#pragma once
// What fits into the machine.

#include <string>

#include "runtime/result.h"

namespace netc::runtime {

// An error that says so where `bytes` are more than the machine's memory.
Status test_memory(const std::string& path, double bytes);

}  // namespace netc::runtime

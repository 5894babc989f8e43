#pragma once
// What the kernel level needs to know of a processor.

#include <cstdint>
#include <string>

namespace netc::kernel {

struct Target {
  std::string cpu;                     // LLVM's name
  std::string features;                // beyond the name: LLVM's +feature,-feature
  std::int64_t vector_registers = 32;  // architectural
  std::int64_t floats_a_register = 16;
  std::int64_t cache_bytes = 512 * 1024;  // of the second level, a core's own

  // Registers that a vector of 16 floats takes.
  std::int64_t registers_a_vector() const { return 16 / floats_a_register; }
};

}  // namespace netc::kernel

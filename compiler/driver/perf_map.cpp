#include "compiler/driver/perf_map.h"

#include <fmt/format.h>
#include <unistd.h>

namespace netc::driver {

std::string perf_map_path() { return fmt::format("/tmp/perf-{}.map", getpid()); }

std::string perf_map(const codegen::Code& code) {
  std::string text;
  for (const codegen::LinkedFunction& function : code.linked())
    text += fmt::format("{:x} {:x} {}\n", function.address, function.bytes, function.name);
  return text;
}

}  // namespace netc::driver

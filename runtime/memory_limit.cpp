#include "runtime/memory_limit.h"

#include <fmt/format.h>
#include <unistd.h>

namespace netc::runtime {

Status test_memory(const std::string& path, double bytes) {
  const double there =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (bytes <= there) return Done{};
  return Error{fmt::format("`{}` takes {:.1f} GB, more than the machine's memory of {:.1f} GB", path,
                           bytes * 1e-9, there * 1e-9),
               {}};
}

}  // namespace netc::runtime

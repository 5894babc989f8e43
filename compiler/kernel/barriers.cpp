#include "compiler/kernel/barriers.h"

#include <algorithm>
#include <span>

namespace netc::kernel {

bool conflict(const Plan& plan, const Access& a, const Access& b) {
  if (a.buffer != b.buffer || !(a.write || b.write)) return false;
  if (plan.buffer(a.buffer).storage == Storage::kPrivate) return false;
  const bool same_cut =
      a.axis && a.axis == b.axis && a.extent == b.extent && a.tiles == b.tiles && a.unit == b.unit;
  return !same_cut;
}

void place_barriers(Plan& plan) {
  if (plan.kernels.empty()) return;
  plan.kernels[0].barrier_before = true;
  std::vector<Access> since;
  auto meets_earlier = [&](const Kernel& kernel) {
    return std::ranges::any_of(kernel.accesses, [&](const Access& access) {
      return std::ranges::any_of(since,
                                 [&](const Access& earlier) { return conflict(plan, access, earlier); });
    });
  };
  for (int round = 0; round < 2; ++round) {
    for (std::size_t first = 0; first < plan.kernels.size(); first += plan.kernels[first].band) {
      const auto band = std::span(plan.kernels).subspan(first, plan.kernels[first].band);
      bool& barrier = band[0].barrier_before;
      barrier = barrier || std::ranges::any_of(band, meets_earlier);
      if (barrier) since.clear();
      for (const Kernel& kernel : band)
        since.insert(since.end(), kernel.accesses.begin(), kernel.accesses.end());
    }
  }
}

}  // namespace netc::kernel

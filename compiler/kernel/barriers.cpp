#include "compiler/kernel/barriers.h"

#include <algorithm>

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
  for (int round = 0; round < 2; ++round) {
    for (Kernel& kernel : plan.kernels) {
      const bool meets =
          std::any_of(kernel.accesses.begin(), kernel.accesses.end(), [&](const Access& access) {
            return std::any_of(since.begin(), since.end(),
                               [&](const Access& earlier) { return conflict(plan, access, earlier); });
          });
      kernel.barrier_before = kernel.barrier_before || meets;
      if (kernel.barrier_before) since.clear();
      since.insert(since.end(), kernel.accesses.begin(), kernel.accesses.end());
    }
  }
}

}  // namespace netc::kernel

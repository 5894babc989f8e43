#pragma once
// Long sums part by part, so that what a part reads stays in the caches, and copies of that in the order of
// the tiles.

#include "compiler/kernel/schedule.h"

namespace netc::kernel {

// Which places of an operand a part of k meets: `outer` for each of the first row axis, `ks[i]` for each of
// the part's i-th k, and from `least` to `most` more for all other rows and k. Of those only the ones from 0
// to `all` exist, or to `outer` where that is not 0.
struct Reach {
  std::vector<std::int64_t> ks;
  std::int64_t outer = 0, least = 0, most = 0, all = 0;
};
enum class Side : std::uint8_t { kA, kB };
// Precondition: the kernel has panels.
Reach reach(const Plan& plan, const Kernel& kernel, Side side);

// Decides on parts and copies for the contractions of a plan that have their schedule, one after the other.
class KBlocker {
 public:
  KBlocker(Plan& plan, const Target& target, const ScheduleOverrides& overrides)
      : plan_(plan), target_(target), overrides_(overrides) {}
  void block(Kernel& kernel);

 private:
  std::int64_t most_places(const Kernel& kernel, const std::optional<Panels>& panels) const;
  void choose_group(Kernel& kernel, std::int64_t places) const;
  BufferId sums_of(const Kernel& kernel);
  void place_panels(Kernel& kernel);

  Plan& plan_;
  const Target& target_;
  const ScheduleOverrides& overrides_;
  std::optional<BufferId> memory_;  // of all panels
};

}  // namespace netc::kernel

#pragma once
// On a busy machine a team waits for the system to run all of its threads at once, and one thread alone gets
// more done; and so it does where a step takes hardly longer than the meetings. Results do not depend on the
// number of threads, so steps can be taken either way.

#include <atomic>
#include <cstdint>
#include <limits>

#include "runtime/clock.h"
#include "runtime/thread_team.h"

namespace netc::runtime {

// Chooses by the time that steps take; used by thread 0.
class Pace {
 public:
  // After each step, at time `now`: whether the next is better taken alone.
  bool step_done(double now);
  // Before the first of some steps: whether they are better taken alone.
  bool begin(double now) {
    began_ = before_ = now;
    steps_ = 0;
    return alone_;
  }

 private:
  void start_stretch(double now, bool alone);

  bool alone_ = false;
  double began_ = 0, before_ = 0;                             // this stretch; the last step
  std::int64_t steps_ = 0;                                    // of this stretch
  double fastest_ = std::numeric_limits<double>::infinity();  // step of the team
  double of_team_ = 0, of_one_ = 0;  // seconds a step in the last stretch of each; 0: none yet
  double patience_ = 0.5;            // seconds until the other way is tried again
  double try_at_ = 0;
};

// What the threads share while they take steps. Thread 0, wanting to go on alone after step i, sets
// `alone_from` to i + 1 before that step: every thread passes a barrier of step i before it looks, so all
// agree.
struct Steps {
  explicit Steps(Pace& pace) : pace(pace) {}
  Pace& pace;
  std::atomic<std::int64_t> alone_from{std::numeric_limits<std::int64_t>::max()};
  std::int64_t next = 0;
  bool ended = false;
};

// Calls step(i, alone) for i in [0, count) until it returns false; every thread of the team calls this.
// `step` has to pass a barrier of the team, and where it is not alone return the same to all.
template <typename Step>
void take_steps(ThreadTeam& team, Steps& steps, int thread, std::int64_t count, Step step) {
  const bool may_choose = thread == 0 && team.size() > 1;
  bool alone_next = may_choose && steps.pace.begin(now_seconds());
  for (std::int64_t i = 0; i < count;) {
    if (steps.alone_from.load(std::memory_order_relaxed) > i) {
      if (alone_next) steps.alone_from.store(i + 1, std::memory_order_relaxed);
      if (!step(i++, false)) return;
      if (may_choose) alone_next = steps.pace.step_done(now_seconds()) || alone_next;
      continue;
    }
    team.meet();
    if (thread == 0) {
      for (bool alone = true; alone && i < count && !steps.ended; ++i) {
        steps.ended = !step(i, true);
        alone = steps.pace.step_done(now_seconds());
      }
      alone_next = false;
      steps.next = i;
      steps.alone_from.store(std::numeric_limits<std::int64_t>::max(), std::memory_order_relaxed);
    }
    team.meet();
    i = steps.next;
    if (steps.ended) return;
  }
}

}  // namespace netc::runtime

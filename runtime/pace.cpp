#include "runtime/pace.h"

#include <algorithm>

namespace netc::runtime {

namespace {

// A stretch is long enough to be judged.
constexpr double kStretchSeconds = 0.01;
constexpr std::int64_t kStretchSteps = 4;
// A team that is so much slower than its fastest step is disturbed, whatever one thread took when it was last
// tried.
constexpr double kDisturbed = 1.5;
constexpr double kLeastPatience = 0.5, kMostPatience = 4;

}  // namespace

void Pace::start_stretch(double now, bool alone) {
  alone_ = alone;
  began_ = now;
  steps_ = 0;
}

// The mean of a stretch is compared with the last one the other way; thread 0 alone is first tried early on.
bool Pace::step_done(double now) {
  ++steps_;
  if (!alone_) fastest_ = std::min(fastest_, now - before_);
  before_ = now;
  const double seconds = now - began_;
  if (seconds < kStretchSeconds || steps_ < kStretchSteps) return alone_;
  const double mean = seconds / static_cast<double>(steps_);
  if (!alone_) {
    of_team_ = mean;
    const bool slower = mean > std::min(of_one_, kDisturbed * fastest_);
    if (!slower) patience_ = kLeastPatience;
    start_stretch(now, slower && now >= try_at_);
    // Alone until then, if that is faster; a stretch ends, but another begins.
    if (alone_) try_at_ = now + patience_;
    return alone_;
  }
  of_one_ = mean;
  if (mean <= of_team_ && now < try_at_) {
    start_stretch(now, true);
  } else {
    // Each time that the team is found slower again, it is tried later.
    patience_ = std::min(2 * patience_, kMostPatience);
    if (mean > of_team_) try_at_ = now + patience_;
    start_stretch(now, false);
  }
  return alone_;
}

}  // namespace netc::runtime

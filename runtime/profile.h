#pragma once
// Where the time of training goes, kernel by kernel: `netc run --profile`, docs/profiling.md.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/peaks.h"
#include "runtime/program.h"
#include "runtime/thread_team.h"

namespace netc::runtime {

// What one thread saw of its steps.
class alignas(64) ThreadTimes {
 public:
  explicit ThreadTimes(std::size_t calls) : calls_(calls) {}

  void begin() { before_ = now_seconds(); }
  void waited() { waiting_ += lap(); }
  void ran(std::size_t call) { calls_[call].seconds += lap(); }
  // All that this thread does of the call in a step has run.
  void finished(std::size_t call) { ++calls_[call].count; }

  struct Call {
    std::int64_t count = 0;
    double seconds = 0;
  };
  const Call& call(std::size_t number) const { return calls_[number]; }
  double waiting() const { return waiting_; }

 private:
  double lap() {
    const double now = now_seconds(), seconds = now - before_;
    before_ = now;
    return seconds;
  }

  std::vector<Call> calls_;
  double waiting_ = 0, before_ = 0;
};

// Seconds are means over the threads, and those in which one thread went on alone as they are: so they add up
// to those of the steps. Rates are what all threads together did while they were at it.
struct ProfiledKernel {
  std::string name, where;  // `dense_1.weight.forward`, `mnist.net:1`
  std::int64_t calls = 0;
  double seconds = 0, share = 0;
  double flops_a_second = 0, bytes_a_second = 0;
  std::string bound;   // what would limit it first: `FMA`, or a memory level's name
  double of_peak = 0;  // its rate as a share of that limit
};

struct ProfileReport {
  std::int64_t steps = 0;
  double seconds = 0;  // of the steps
  Peaks peaks;
  std::vector<ProfiledKernel> kernels;  // those of a line side by side, the longest first
  double waiting_seconds = 0;           // for other threads
  double between_seconds = 0;           // from one step to the next
};

// Gathers the times of a program's steps.
class Profile {
 public:
  // Measures the machine's peaks, for code whose vectors have so many floats.
  Profile(const Program& program, ThreadTeam& team, int floats_a_register);

  // Where a thread counts a step. `alone`: that it takes without the others.
  ThreadTimes& thread(int number, bool alone) {
    return alone ? alone_ : threads_[static_cast<std::size_t>(number)];
  }
  // `seconds`: that all steps took.
  ProfileReport report(double seconds) const;

 private:
  ProfiledKernel profiled(std::size_t call, double all_seconds) const;

  const Program& program_;
  Peaks peaks_;
  std::vector<ThreadTimes> threads_;
  ThreadTimes alone_;
};

// The table, ending in an empty line; nothing where there was no step.
std::string to_table(const ProfileReport& report, int threads);

}  // namespace netc::runtime

#pragma once
// How fast this machine is at its best, as seen by a team of threads: what kernels are measured by.

#include <string>
#include <vector>

#include "runtime/thread_team.h"

namespace netc::runtime {

struct MemoryLevel {
  std::string name;  // `L1` ... `memory`
  double bytes = 0;  // that it holds for the team; infinite for memory
  double bytes_a_second = 0;
};

struct Peaks {
  double flops_a_second = 0;        // multiply-adds in registers
  std::vector<MemoryLevel> levels;  // from the nearest to the first that holds all that was asked for

  // The nearest level that holds so many bytes.
  const MemoryLevel& level_of(double bytes) const;
};

// Takes some hundredths of a second. Registers of 4, 8 or 16 floats; data of up to `most_bytes`. Bandwidth is
// that of reading, all threads at once.
Peaks measure_peaks(ThreadTeam& team, int floats_a_register, double most_bytes);

}  // namespace netc::runtime

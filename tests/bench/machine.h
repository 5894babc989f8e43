#pragma once
// What one core of this machine can do at most, measured: multiply-adds, and bytes from each level of memory.

#include <chrono>
#include <string>
#include <vector>

#include "compiler/kernel/target.h"
#include "runtime/memory.h"
#include "tests/bench/loops.h"

namespace netc::bench {

// Seconds that `work` takes.
template <typename Work>
double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Sizes of the machine's caches.
struct Cache {
  std::string name;  // L1, L2, L3
  std::size_t bytes = 0;
};
std::vector<Cache> caches();

double median(std::vector<double> values);
// A tenth of the values are no greater.
double tenth_percentile(std::vector<double> values);

// Each measurement is a burst of some ten microseconds (longer for the lower levels of memory), made to be
// repeated in turns with what it is compared to: clocks drift, and neighbours come and go.
class Machine {
 public:
  // With the vectors that the target has.
  explicit Machine(const kernel::Target& target);

  double flops_a_second();
  // Whether such a speed is near the best so far: else a neighbour shares the core just now.
  bool is_undisturbed(double flops_a_second) const { return flops_a_second > 0.93 * best_; }
  // Seconds to read `read` bytes, write `written` others, and read and write `updated` more, where as many
  // bytes as all these together are touched again and again: so from and to the cache that holds them.
  double memory_seconds(std::size_t read, std::size_t written, std::size_t updated) const;

 private:
  const Loops& loops_;
  double flops_a_round_;
  double best_ = 0;  // flops_a_second
  runtime::Memory memory_;
};

}  // namespace netc::bench

#include "tests/bench/machine.h"

#include <unistd.h>

#include <algorithm>

#include "compiler/support/check.h"

namespace netc::bench {

namespace {

constexpr std::int64_t kRounds = 4000;  // 48,000 multiply-adds: some ten microseconds
constexpr std::int64_t kWarmUp = 40000;
constexpr std::int64_t kBurst = 1 << 18;  // floats to move at least, in a burst
constexpr std::size_t kUnit = 512;        // bytes that a loop moves at once
constexpr std::size_t kLeast = 8 << 10;   // less would time the loop's ends
constexpr std::size_t kMost = std::size_t{128} << 20;

const Loops& loops_of(const kernel::Target& target) {
  if (target.floats_a_register >= 16) return kLoops16;
  return target.floats_a_register == 8 ? kLoops8 : kLoops4;
}

double ranked(std::vector<double> values, double share) {
  auto place = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

std::size_t cache_bytes(int name, std::size_t otherwise) {
  const long bytes = sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

}  // namespace

std::vector<Cache> caches() {
  return {{"L1", cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10)},
          {"L2", cache_bytes(_SC_LEVEL2_CACHE_SIZE, 512 << 10)},
          {"L3", cache_bytes(_SC_LEVEL3_CACHE_SIZE, 8 << 20)}};
}

double median(std::vector<double> values) { return ranked(std::move(values), 0.5); }
double tenth_percentile(std::vector<double> values) { return ranked(std::move(values), 0.1); }

Machine::Machine(const kernel::Target& target)
    : loops_(loops_of(target)),
      flops_a_round_(
          static_cast<double>(2 * kSums * std::clamp<std::int64_t>(target.floats_a_register, 4, 16))),
      memory_(kMost) {
  std::fill_n(memory_.data(), kMost, std::byte{0});  // so that every page is there
}

double Machine::flops_a_second() {
  // The upper halves of wide vectors take some ten microseconds to wake up.
  loops_.multiply_add(kWarmUp);
  const double speed = flops_a_round_ * kRounds / seconds_of([&] { loops_.multiply_add(kRounds); });
  best_ = std::max(best_, speed);
  return speed;
}

double Machine::memory_seconds(std::size_t read, std::size_t written, std::size_t updated) const {
  auto* data = reinterpret_cast<float*>(memory_.data());
  const std::size_t all = read + written + updated;
  NETC_CHECK(all <= kMost, "the machine's memory is measured with 128 MB");
  // Whole passes over the bytes one kind of access after the other, each kind for itself.
  auto time_of = [&](std::size_t bytes, auto&& pass) {
    if (bytes == 0) return 0.0;
    const auto count = static_cast<std::int64_t>(std::max(all, kLeast) / kUnit * kUnit / sizeof(float));
    const std::int64_t passes = std::max<std::int64_t>(1, kBurst / count);
    pass(data, count);  // brings it in
    const double seconds = seconds_of([&] {
      for (std::int64_t i = 0; i < passes; ++i) pass(data, count);
    });
    return seconds * static_cast<double>(bytes) / static_cast<double>(passes * count * 4);
  };
  return time_of(read, loops_.read) + time_of(written, loops_.write) + time_of(updated, loops_.update);
}

}  // namespace netc::bench

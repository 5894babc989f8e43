#include "runtime/peaks.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "runtime/clock.h"
#include "runtime/memory.h"

namespace netc::runtime {

namespace {

constexpr double kWindowSeconds = 0.004;
constexpr int kWindows = 5;
constexpr int kChains = 12;  // enough to hide the latency of a multiply-add on two units
constexpr std::int64_t kRounds = 4096;
constexpr std::size_t kFewestBytes = std::size_t{256} << 10;  // reads between two looks at the clock

// multiply_add: kRounds rounds of a multiply-add in each chain. read: `passes` times the sum of whole runs of
// kChains vectors. A function has to name the instructions that it may use, so there is one of each for each
// width; what they return is for nobody, but keeps the work from being left out. (So does `volatile` below.)
#define NETC_PROBES(Probes, floats, instructions)                                            \
  struct Probes {                                                                            \
    typedef float Vector __attribute__((vector_size(floats * sizeof(float)), may_alias));    \
    instructions static float multiply_add(float factor, float term) {                       \
      Vector sums[kChains], factors = Vector{} + factor, terms = Vector{} + term;            \
      for (int c = 0; c < kChains; ++c) sums[c] = terms * static_cast<float>(c);             \
      for (std::int64_t i = 0; i < kRounds; ++i) {                                           \
        for (Vector & sum : sums) sum = sum * factors + terms;                               \
      }                                                                                      \
      for (const Vector& sum : sums) terms += sum;                                           \
      return terms[0];                                                                       \
    }                                                                                        \
    instructions static float read(const std::byte* data, std::size_t bytes, int passes) {   \
      Vector sums[kChains] = {}, all = {};                                                   \
      for (int pass = 0; pass < passes; ++pass) {                                            \
        const auto* vectors = reinterpret_cast<const Vector*>(data);                         \
        for (const Vector* end = vectors + bytes / sizeof(Vector); vectors + kChains <= end; \
             vectors += kChains) {                                                           \
          for (int c = 0; c < kChains; ++c) sums[c] += vectors[c];                           \
        }                                                                                    \
      }                                                                                      \
      for (const Vector& sum : sums) all += sum;                                             \
      return all[0];                                                                         \
    }                                                                                        \
  };

NETC_PROBES(Probes4, 4, )
#if defined(__x86_64__)
NETC_PROBES(Probes8, 8, __attribute__((target("avx2,fma"))))
NETC_PROBES(Probes16, 16, __attribute__((target("avx512f"))))
#endif

// The most work that the team does in a second: work(thread) says how much it did.
template <typename Work>
double best_rate(ThreadTeam& team, const Work& work) {
  std::vector<double> rates(static_cast<std::size_t>(team.size()));
  double best = 0;
  for (int window = 0; window < kWindows; ++window) {
    team.run([&](int thread) {
      team.meet();
      const double start = now_seconds();
      double done = 0, seconds = 0;
      while (seconds < kWindowSeconds) {
        done += work(thread);
        seconds = now_seconds() - start;
      }
      rates[static_cast<std::size_t>(thread)] = done / seconds;
    });
    best = std::max(best, std::accumulate(rates.begin(), rates.end(), 0.0));
  }
  return best;
}

template <typename Probes>
double flops_rate(ThreadTeam& team, int floats) {
  return best_rate(team, [&](int) {
    volatile float factor = 0.5f, result = Probes::multiply_add(factor, 1.0f);
    static_cast<void>(result);
    return 2.0 * kRounds * kChains * floats;
  });
}

// Each thread reads its own part of `bytes`.
template <typename Probes>
double read_rate(ThreadTeam& team, std::size_t bytes) {
  const std::size_t run = kChains * sizeof(typename Probes::Vector);
  const std::size_t share =
      std::max(bytes / static_cast<std::size_t>(team.size()) / run, std::size_t{1}) * run;
  std::vector<Memory> parts(static_cast<std::size_t>(team.size()));
  // Written, or all of it would be the system's one page of zeros.
  team.run([&](int thread) {
    Memory& part = parts[static_cast<std::size_t>(thread)];
    part = Memory(share);
    std::memset(part.data(), 1, share);
  });
  const auto passes = static_cast<int>((kFewestBytes + share - 1) / share);
  return best_rate(team, [&](int thread) {
    volatile float result = Probes::read(parts[static_cast<std::size_t>(thread)].data(), share, passes);
    static_cast<void>(result);
    return static_cast<double>(share) * passes;
  });
}

// The first two levels are each core's own. What the system does not tell of is left out.
std::vector<MemoryLevel> memory_levels(int threads) {
  std::vector<MemoryLevel> levels;
  auto add = [&](const char* name, int key, int cores) {
    const long bytes = sysconf(key);
    if (bytes > 0) levels.push_back({name, static_cast<double>(bytes) * cores, 0});
  };
  add("L1", _SC_LEVEL1_DCACHE_SIZE, threads);
  add("L2", _SC_LEVEL2_CACHE_SIZE, threads);
  add("L3", _SC_LEVEL3_CACHE_SIZE, 1);
  levels.push_back({"memory", std::numeric_limits<double>::infinity(), 0});
  return levels;
}

template <typename Probes>
Peaks measure(ThreadTeam& team, int floats, double most_bytes) {
  constexpr double kBeyondCaches = 2;  // times the last cache
  double cached = 16 << 20;
  Peaks peaks;
  peaks.flops_a_second = flops_rate<Probes>(team, floats);
  for (MemoryLevel& level : memory_levels(team.size())) {
    const bool is_cache = level.bytes < std::numeric_limits<double>::infinity();
    if (is_cache) cached = level.bytes;
    level.bytes_a_second = read_rate<Probes>(
        team, static_cast<std::size_t>(is_cache ? level.bytes / 2 : kBeyondCaches * cached));
    peaks.levels.push_back(level);
    if (most_bytes <= level.bytes) break;
  }
  return peaks;
}

}  // namespace

const MemoryLevel& Peaks::level_of(double bytes) const {
  for (const MemoryLevel& level : levels) {
    if (bytes <= level.bytes) return level;
  }
  return levels.back();
}

Peaks measure_peaks(ThreadTeam& team, int floats_a_register, double most_bytes) {
#if defined(__x86_64__)
  if (floats_a_register == 16) return measure<Probes16>(team, 16, most_bytes);
  if (floats_a_register == 8) return measure<Probes8>(team, 8, most_bytes);
#endif
  return measure<Probes4>(team, 4, most_bytes);
}

}  // namespace netc::runtime

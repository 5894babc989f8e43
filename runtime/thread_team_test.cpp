#include "runtime/thread_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <numeric>

namespace netc::runtime {
namespace {

constexpr int kThreadCounts[] = {1, 2, 3, 4, 5, 8};

// Under a sanitizer, or with more threads than cores, a meeting may take milliseconds.
constexpr int kMeetings = 300;

float tiny() {
  volatile float smallest = std::numeric_limits<float>::min();
  return smallest / 4;  // denormal, unless flushed
}

TEST(ThreadTeam, EveryThreadWorksOnce) {
  for (int threads : kThreadCounts) {
    ThreadTeam team(threads);
    ASSERT_EQ(team.size(), threads);
    for (int repetition = 0; repetition < 50; ++repetition) {
      std::vector<int> calls(threads, 0);
      team.run([&](int thread) { ++calls[thread]; });
      EXPECT_EQ(calls, std::vector<int>(threads, 1));
    }
  }
}

// What a thread wrote before a meeting, all others read behind it; nothing here is atomic.
TEST(ThreadTeam, MeetingsOrderMemory) {
  for (int threads : kThreadCounts) {
    ThreadTeam team(threads);
    std::vector<std::int64_t> values(threads, 0), sums(threads, 0);
    team.run([&](int thread) {
      for (int meeting = 1; meeting <= kMeetings; ++meeting) {
        values[thread] = meeting * (thread + 1);
        team.meet();
        sums[thread] += std::accumulate(values.begin(), values.end(), std::int64_t{0});
        team.meet();
      }
    });
    const std::int64_t each = std::int64_t{kMeetings} * (kMeetings + 1) / 2 * threads * (threads + 1) / 2;
    EXPECT_EQ(sums, std::vector<std::int64_t>(threads, each)) << threads;
  }
}

// One thread is late, so the others' spinning ends in sleep, each time another one.
TEST(ThreadTeam, SleepersAreWoken) {
  for (int threads : {2, 4}) {
    ThreadTeam team(threads);
    std::vector<int> seen(threads, 0);
    int shared = 0;
    team.run([&](int thread) {
      for (int meeting = 0; meeting < 30; ++meeting) {
        if (meeting % threads == thread) {
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
          ++shared;
        }
        team.meet();
        seen[thread] += shared == meeting + 1;
        team.meet();
      }
    });
    EXPECT_EQ(seen, std::vector<int>(threads, 30));
  }
}

TEST(ThreadTeam, TwoTeamsLiveSideBySide) {
  ThreadTeam first(3), second(2);
  int calls = 0;
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::atomic<int> counted = 0;
    first.run([&](int) { ++counted; });
    second.run([&](int) { ++counted; });
    calls += counted;
  }
  EXPECT_EQ(calls, 100);
}

TEST(ThreadTeam, MayDoNothing) {
  for (int repetition = 0; repetition < 20; ++repetition) ThreadTeam team(4);
}

#if defined(__x86_64__)
TEST(ThreadTeam, FlushesDenormalsMeanwhile) {
  ASSERT_GT(tiny(), 0.0f);
  ThreadTeam team(3);
  std::vector<float> inside(3, 1);
  team.run([&](int thread) { inside[thread] = tiny(); });
  EXPECT_EQ(inside, std::vector<float>(3, 0.0f));
  EXPECT_GT(tiny(), 0.0f);
}
#endif

TEST(ThreadTeam, ThereIsACoreToUse) { EXPECT_GE(usable_cores(), 1); }

}  // namespace
}  // namespace netc::runtime

#include "runtime/profile.h"

#include <gtest/gtest.h>

#include <limits>

namespace netc::runtime {
namespace {

void pass_time(void* const*, std::int64_t, std::int64_t) {}

KernelCall call(const char* name, const char* where, const Work& work) {
  KernelCall call;
  call.name = name;
  call.where = where;
  call.function = pass_time;
  call.work = work;
  return call;
}

TEST(Profile, SumsUpWhatThreadsSaw) {
  Program program;
  program.calls = {call("late", "b.net:10", {1e6, 1000, 1000}), call("shared", "b.net:9", {1e6, 1000, 1000}),
                   call("everyone", "", {10, 1000, 1000})};
  program.calls[2].replicated = true;
  ThreadTeam team(2);
  Profile profile(program, team, 4);
  for (int step = 0; step < 3; ++step) {
    for (int thread = 0; thread < 2; ++thread) {
      ThreadTimes& times = profile.thread(thread, false);
      times.begin();
      times.waited();
      for (std::size_t i = 0; i < 3; ++i) times.ran(i), times.finished(i);
    }
  }
  const ProfileReport report = profile.report(1);
  EXPECT_EQ(report.steps, 3);
  ASSERT_EQ(report.kernels.size(), 3u);
  EXPECT_EQ(report.kernels[0].name, "shared");  // by line as a number
  EXPECT_EQ(report.kernels[1].name, "late");
  EXPECT_EQ(report.kernels[2].name, "everyone");
  double all = report.waiting_seconds + report.between_seconds;
  for (const ProfiledKernel& kernel : report.kernels) {
    EXPECT_EQ(kernel.calls, 3);
    all += kernel.seconds;
  }
  EXPECT_NEAR(all, 1, 1e-9);
  // What is shared out is done once a step, what is not by each thread.
  EXPECT_NEAR(report.kernels[0].flops_a_second * report.kernels[0].seconds, 3e6, 1);
  EXPECT_NEAR(report.kernels[2].flops_a_second * report.kernels[2].seconds, 60, 1e-3);
  EXPECT_EQ(report.kernels[0].bound, "FMA");
  EXPECT_EQ(report.kernels[2].bound, report.peaks.levels[0].name);
}

// A step that one thread takes alone is as long as it is: nobody shares its time.
TEST(Profile, CountsTimeAloneInFull) {
  Program program;
  program.calls = {call("shared", "", {1e6, 1000, 1000})};
  ThreadTeam team(2);
  Profile profile(program, team, 4);
  const double start = now_seconds();
  ThreadTimes& times = profile.thread(0, true);
  times.begin();
  times.waited();
  while (now_seconds() < start + 0.01) continue;
  times.ran(0);
  times.finished(0);
  const ProfileReport report = profile.report(1);
  EXPECT_EQ(report.steps, 1);
  EXPECT_GT(report.kernels[0].seconds, 0.009);
  EXPECT_NEAR(report.kernels[0].flops_a_second * report.kernels[0].seconds, 1e6, 1);
}

TEST(Profile, LevelsHoldTheirBytes) {
  Peaks peaks{1, {{"L1", 100, 4}, {"L2", 1000, 2}, {"memory", std::numeric_limits<double>::infinity(), 1}}};
  EXPECT_EQ(peaks.level_of(0).name, "L1");
  EXPECT_EQ(peaks.level_of(100).name, "L1");
  EXPECT_EQ(peaks.level_of(101).name, "L2");
  EXPECT_EQ(peaks.level_of(1e12).name, "memory");
}

TEST(Profile, PrintsATable) {
  ProfileReport report;
  report.steps = 1875;
  report.seconds = 0.25;
  report.peaks = {231.4e9, {{"L1", 65536, 401e9}, {"L2", 2e6, 98.76e9}}};
  report.kernels = {{"dense_1.forward", "mnist.net:1", 1875, 0.125, 0.5, 112.3e9, 4.04e9, "FMA", 0.485},
                    {"uniforms", "", 1875, 0.0005, 0.002, 0, 1.25e8, "L1", 0.0003}};
  report.waiting_seconds = 0.1;
  report.between_seconds = 0.0245;
  EXPECT_EQ(to_table(report, 2),
            "profile  1,875 steps of 133 µs on 2 threads\n"
            "peak     FMA 231 GFLOP/s, L1 401 GB/s, L2 98.8 GB/s\n"
            "\n"
            "line         kernel               calls      time    share  GFLOP/s    GB/s  of peak\n"
            "mnist.net:1  dense_1.forward      1,875    0.12 s   50.0 %      112    4.04   48.5 % FMA\n"
            "-            uniforms             1,875    500 µs    0.2 %     0.00    0.12    0.0 % L1\n"
            "-            waiting                       0.10 s   40.0 %\n"
            "-            between steps                  24 ms    9.8 %\n"
            "\n");
  report.steps = 0;
  EXPECT_EQ(to_table(report, 2), "");
}

}  // namespace
}  // namespace netc::runtime

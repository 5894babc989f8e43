#include "runtime/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "runtime/report.h"

namespace netc::runtime {

namespace {

double most_bytes(const Program& program, int threads) {
  double most = 0;
  for (const KernelCall& call : program.calls)
    most = std::max(most, call.work.bytes_held * (call.replicated ? threads : 1));
  return most;
}

// `mnist.net:12` -> {"mnist.net", 12}; what comes from no line goes last.
std::tuple<bool, std::string, long> line_of(const ProfiledKernel& kernel) {
  const std::size_t colon = kernel.where.rfind(':');
  if (colon == std::string::npos) return {true, kernel.where, 0};
  return {false, kernel.where.substr(0, colon), std::strtol(kernel.where.c_str() + colon + 1, nullptr, 10)};
}

}  // namespace

Profile::Profile(const Program& program, ThreadTeam& team, int floats_a_register)
    : program_(program),
      peaks_(measure_peaks(team, floats_a_register, most_bytes(program, team.size()))),
      threads_(static_cast<std::size_t>(team.size()), ThreadTimes(program.calls.size())),
      alone_(program.calls.size()) {}

ProfiledKernel Profile::profiled(std::size_t number, double all_seconds) const {
  const KernelCall& call = program_.calls[number];
  ProfiledKernel kernel;
  kernel.name = call.name;
  kernel.where = call.where;
  const ThreadTimes::Call& alone = alone_.call(number);
  kernel.calls = threads_[0].call(number).count + alone.count;
  kernel.seconds = alone.seconds;
  std::int64_t runs = alone.count;  // of the whole kernel
  for (const ThreadTimes& thread : threads_) {
    kernel.seconds += thread.call(number).seconds / static_cast<double>(threads_.size());
    runs += thread.call(number).count;
  }
  if (!call.replicated) runs = kernel.calls;
  if (kernel.seconds <= 0 || all_seconds <= 0) return kernel;
  kernel.share = kernel.seconds / all_seconds;
  kernel.flops_a_second = call.work.flops * static_cast<double>(runs) / kernel.seconds;
  kernel.bytes_a_second = call.work.bytes_moved * static_cast<double>(runs) / kernel.seconds;
  const double copies = call.replicated ? static_cast<double>(threads_.size()) : 1;
  const MemoryLevel& level = peaks_.level_of(call.work.bytes_held * copies);
  const double of_flops = kernel.flops_a_second / peaks_.flops_a_second;
  const double of_bytes = kernel.bytes_a_second / level.bytes_a_second;
  kernel.bound = of_flops >= of_bytes ? "FMA" : level.name;
  kernel.of_peak = std::max(of_flops, of_bytes);
  return kernel;
}

ProfileReport Profile::report(double seconds) const {
  ProfileReport report;
  report.seconds = seconds;
  report.peaks = peaks_;
  report.between_seconds = seconds;
  for (std::size_t i = 0; i < program_.calls.size(); ++i) {
    report.kernels.push_back(profiled(i, seconds));
    report.steps = std::max(report.steps, report.kernels.back().calls);
    report.between_seconds -= report.kernels.back().seconds;
  }
  report.waiting_seconds = alone_.waiting();
  for (const ThreadTimes& thread : threads_)
    report.waiting_seconds += thread.waiting() / static_cast<double>(threads_.size());
  report.between_seconds = std::max(0.0, report.between_seconds - report.waiting_seconds);
  std::sort(report.kernels.begin(), report.kernels.end(),
            [](const ProfiledKernel& a, const ProfiledKernel& b) {
              return std::tuple(line_of(a), -a.seconds, a.name) < std::tuple(line_of(b), -b.seconds, b.name);
            });
  return report;
}

namespace {

std::string rate(double a_second) {
  const double billions = a_second / 1e9;
  return fmt::format("{:.{}f}", billions, billions < 9.95 ? 2 : billions < 99.5 ? 1 : 0);
}

std::string heading(const ProfileReport& report, int threads) {
  std::string text = fmt::format("profile  {} steps of {} on {} thread{}\n", with_commas(report.steps),
                                 human_seconds(report.seconds / static_cast<double>(report.steps)), threads,
                                 threads == 1 ? "" : "s");
  text += fmt::format("peak     FMA {} GFLOP/s", rate(report.peaks.flops_a_second));
  for (const MemoryLevel& level : report.peaks.levels)
    text += fmt::format(", {} {} GB/s", level.name, rate(level.bytes_a_second));
  return text + "\n\n";
}

}  // namespace

std::string to_table(const ProfileReport& report, int threads) {
  if (report.steps == 0) return "";
  std::size_t place = 4, name = 13;
  for (const ProfiledKernel& kernel : report.kernels) {
    place = std::max(place, kernel.where.size());
    name = std::max(name, kernel.name.size());
  }
  auto percent = [](double share) { return fmt::format("{:.1f} %", 100 * share); };
  std::string text = heading(report, threads);
  text += fmt::format("{:<{}}  {:<{}}  {:>9}  {:>8}  {:>7}  {:>7}  {:>6}  {:>7}\n", "line", place, "kernel",
                      name, "calls", "time", "share", "GFLOP/s", "GB/s", "of peak");
  for (const ProfiledKernel& kernel : report.kernels) {
    text += fmt::format("{:<{}}  {:<{}}  {:>9}  {:>8}  {:>7}  {:>7}  {:>6}  {:>7} {}\n",
                        kernel.where.empty() ? "-" : kernel.where, place, kernel.name, name,
                        with_commas(kernel.calls), human_seconds(kernel.seconds), percent(kernel.share),
                        rate(kernel.flops_a_second), rate(kernel.bytes_a_second), percent(kernel.of_peak),
                        kernel.bound);
  }
  auto rest = [&](const char* what, double seconds) {
    text += fmt::format("{:<{}}  {:<{}}  {:>9}  {:>8}  {:>7}\n", "-", place, what, name, "",
                        human_seconds(seconds), percent(seconds / report.seconds));
  };
  rest("waiting", report.waiting_seconds);
  rest("between steps", report.between_seconds);
  return text + "\n";
}

}  // namespace netc::runtime

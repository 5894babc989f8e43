// `./dev bench convolutions`: netc's convolutions beside oneDNN's, in the three directions.
//
// For each of them both compute the same once, which is checked, and are then timed in turns, burst by burst,
// each in the layouts that it likes best and with its operands there. Before each round the processor's
// multiply-adds are timed, too, on as many threads. Ratios are netc's speed by oneDNN's. Calls in which
// threads had to wait for a core that another program had do not count; where too few others are left, the
// row says so, and stays out of the summary.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <regex>
#include <thread>

#include "tests/bench/convolution.h"
#include "tests/bench/machine.h"
#include "tests/bench/onednn.h"
#include "tests/bench/options.h"

namespace netc::bench {
namespace {

constexpr double kBurst = 0.03;                    // seconds
constexpr int kLeastRounds = 3, kMostRounds = 10;  // more where others disturb them
constexpr double kLong = 2;                        // seconds, after which the least rounds do
constexpr std::size_t kEnoughCalls = 3;
constexpr double kLook = 0.0005;       // seconds of calls between looks at who has the cores
constexpr double kDisturbance = 0.05;  // of these seconds
constexpr double kTolerance = 1e-4;
// OpenMP's threads, when they have done their work, wait busily for about as long.
constexpr auto kRest = std::chrono::milliseconds(25);

double relative_error(const std::vector<float>& got, const std::vector<float>& wanted) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double by = static_cast<double>(got[i]) - static_cast<double>(wanted[i]);
    difference += by * by;
    size += static_cast<double>(wanted[i]) * static_cast<double>(wanted[i]);
  }
  return got.size() == wanted.size() ? std::sqrt(difference / size) : INFINITY;
}

// Seconds that threads of this process could have run, but had no core.
double seconds_without_core() {
  double nanoseconds = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    double running = 0, waiting = 0;
    if (std::ifstream(task.path() / "schedstat") >> running >> waiting) nanoseconds += waiting;
  }
  return nanoseconds / 1e9;
}

// Seconds of the calls of one program.
class Samples {
 public:
  // Calls it as often as a burst takes, once more before that if it is short.
  template <typename Call>
  void add_burst(Call&& call) {
    auto fit_in = [&](double seconds) { return once_ > 0 ? std::clamp(seconds / once_, 1.0, 1000.0) : 1; };
    const auto calls = static_cast<int>(fit_in(kBurst)), at_once = static_cast<int>(fit_in(kLook));
    if (calls > 1) call();
    for (int done = 0; done < calls; done += at_once) {
      const double before = seconds_without_core();
      std::vector<double> seconds(at_once);
      for (double& each : seconds) each = seconds_of(call);
      const double away = seconds_without_core() - before;
      all_.insert(all_.end(), seconds.begin(), seconds.end());
      if (away <= kDisturbance * std::accumulate(seconds.begin(), seconds.end(), 0.0))
        quiet_.insert(quiet_.end(), seconds.begin(), seconds.end());
    }
    once_ = median();
  }
  double median() const { return bench::median(counted()); }
  double p10() const { return tenth_percentile(counted()); }
  bool is_disturbed() const { return quiet_.size() < kEnoughCalls; }

 private:
  const std::vector<double>& counted() const { return is_disturbed() ? all_ : quiet_; }
  std::vector<double> all_, quiet_;
  double once_ = 0;
};

struct Row {
  std::string name;
  double flops = 0, peak = 0;  // of all threads, a second
  Samples netc;
  std::optional<Samples> onednn;
  double error = 0;

  bool is_disturbed() const { return netc.is_disturbed() || (onednn && onednn->is_disturbed()); }
  // netc's speed by oneDNN's, by medians or tenth percentiles.
  double ratio(double (Samples::*time)() const) const { return (*onednn.*time)() / (netc.*time)(); }
};

class Subject {
 public:
  Subject(Direction direction, const ConvolutionShape& shape, const Options& options,
          runtime::ThreadTeam& team)
      : team_(team),
        netc_(build_convolution(direction, shape), {"x_source", "dy_source"}, options.target,
              options.overrides, team) {
    const Operands operands{netc_.values(direction == Direction::kBackwardData ? "dy" : "x"),
                            netc_.values(direction == Direction::kBackwardWeights ? "dy" : "w")};
    onednn_ = make_onednn(direction, shape, operands, team.size());
    row_.name = fmt::format("{}/{}", bench::name_of(direction), name_of(shape));
    row_.flops = flops_of(shape);
    if (options.print_plans) fmt::print("{}\n", kernel::print(netc_.plan()));
    if (!onednn_) return;
    onednn_->run();
    row_.onednn.emplace();
    team_.run([&](int thread) { netc_.run(thread); });
    row_.error = relative_error(netc_.values(result_of(direction)), onednn_->result());
  }

  Row measure(std::vector<Machine>& cores) {
    std::vector<double> peaks;
    double spent = 0;
    auto goes_on = [&](int round) {
      return round < kLeastRounds || (spent < kLong && (round < kMostRounds || row_.is_disturbed()));
    };
    for (int round = 0; goes_on(round); ++round) {
      if (onednn_) std::this_thread::sleep_for(kRest);
      spent += seconds_of([&] {
        peaks.push_back(peak(cores));
        time_netc();
        if (onednn_) row_.onednn->add_burst([&] { onednn_->run(); });
      });
    }
    row_.peak = median(std::move(peaks));
    return std::move(row_);
  }

 private:
  double peak(std::vector<Machine>& cores) {
    std::vector<double> speeds(cores.size());
    team_.run([&](int thread) { speeds[thread] = cores[thread].flops_a_second(); });
    return std::accumulate(speeds.begin(), speeds.end(), 0.0);
  }

  // One burst, in which the team stays together as it does in training.
  void time_netc() {
    std::atomic<bool> goes_on = true;
    team_.run([&](int thread) {
      if (thread == 0) {
        row_.netc.add_burst([&] {
          team_.meet();
          netc_.run(0);
          team_.meet();
        });
        goes_on = false;
        team_.meet();
        return;
      }
      for (team_.meet(); goes_on; team_.meet()) {
        netc_.run(thread);
        team_.meet();
      }
    });
  }

  runtime::ThreadTeam& team_;
  CompiledGraph netc_;
  std::unique_ptr<OneDnn> onednn_;
  Row row_;
};

void print_head(bool compares) {
  fmt::print("{:58} {:>10} {:>10} {:>8} {:>6}", "direction/network/shape", "netc us", "p10", "GFLOP/s",
             "peak");
  if (compares)
    fmt::print(" {:>10} {:>10} {:>8} {:>6} {:>6}", "oneDNN us", "p10", "GFLOP/s", "ratio", "of p10");
  fmt::print("\n");
}

void print_row(const Row& row) {
  auto times = [&](const Samples& samples) {
    return fmt::format("{:10.1f} {:10.1f} {:8.1f}", samples.median() * 1e6, samples.p10() * 1e6,
                       row.flops / samples.median() / 1e9);
  };
  fmt::print("{:58} {} {:4.0f} %", row.name, times(row.netc), 100 * row.flops / row.netc.median() / row.peak);
  if (row.onednn) {
    fmt::print(" {} {:6.2f} {:6.2f}", times(*row.onednn), row.ratio(&Samples::median),
               row.ratio(&Samples::p10));
  }
  if (row.is_disturbed()) fmt::print("  (disturbed)");
  if (!(row.error <= kTolerance)) fmt::print("  DIFFERS: relative error {:.1e}", row.error);
  fmt::print("\n");
  std::fflush(stdout);
}

struct Ratio {
  std::string_view name;
  double value = 0;
};

void print_group(std::string_view group, const std::vector<Ratio>& ratios) {
  std::vector<Ratio> members;
  for (const Ratio& ratio : ratios)
    if (group == "all" || ratio.name.starts_with(fmt::format("{}/", group))) members.push_back(ratio);
  if (members.empty()) return;
  double logarithms = 0;
  for (const Ratio& ratio : members) logarithms += std::log(ratio.value);
  const Ratio worst = *std::ranges::min_element(members, {}, &Ratio::value);
  const auto slow = std::ranges::count_if(members, [](const Ratio& ratio) { return ratio.value < 0.5; });
  fmt::print("{:24} {:6} {:14.2f} {:8.2f} {:11}  {}\n", group, members.size(),
             std::exp(logarithms / static_cast<double>(members.size())), worst.value, slow, worst.name);
}

void print_summary(const char* title, const std::vector<Row>& rows, double (Samples::*time)() const) {
  std::vector<Ratio> ratios;
  for (const Row& row : rows)
    if (!row.is_disturbed()) ratios.push_back({row.name, row.ratio(time)});
  fmt::print("\n{:24} {:>6} {:>14} {:>8} {:>11}  {}\n", title, "rows", "geometric mean", "worst", "under 0.5",
             "the worst");
  for (Direction direction : kDirections) print_group(name_of(direction), ratios);
  print_group("all", ratios);
}

std::vector<Row> measure_all(const Options& options, int threads) {
  const std::regex filter(options.filter);
  runtime::ThreadTeam team(threads);
  std::vector<Machine> cores;
  for (int i = 0; i < threads; ++i) cores.emplace_back(options.target);
  std::vector<Row> rows;
  for (Direction direction : kDirections) {
    for (const ConvolutionShape& shape : kConvolutions) {
      if (!std::regex_search(fmt::format("{}/{}", name_of(direction), name_of(shape)), filter)) continue;
      Row row = Subject(direction, shape, options, team).measure(cores);
      if (rows.empty()) print_head(row.onednn.has_value());
      print_row(row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

int main_of(int argc, char** argv) {
  const Options options = take_options(argc, argv);
  int threads = runtime::usable_cores();
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    threads = word.starts_with("--threads=") ? std::atoi(argv[i] + 10) : 0;
    if (threads > 0) continue;
    fmt::print(stderr, "bench: what is `{}`?\n", word);
    return 2;
  }
  fmt::print("{}, {} thread{}\n\n", options.target.cpu, threads, threads > 1 ? "s" : "");
  const std::vector<Row> rows = measure_all(options, threads);
  if (!rows.empty() && rows[0].onednn) {
    print_summary("ratio of medians", rows, &Samples::median);
    print_summary("ratio of p10", rows, &Samples::p10);
  }
  return std::ranges::all_of(rows, [](const Row& row) { return row.error <= kTolerance; }) ? 0 : 1;
}

}  // namespace
}  // namespace netc::bench

int main(int argc, char** argv) { return netc::bench::main_of(argc, argv); }

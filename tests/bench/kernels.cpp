// `./dev bench kernels`: how close the code of each matrix product comes to what one core can do.
//
// The limit is the later of two times: that of the multiply-adds, with the better axis of the result rounded
// up to vectors of 16, and that of moving each byte once between the core and the cache that holds as many.
// Limits and kernel are timed in turns, burst by burst, and the list is gone through several times in random
// order. Where a neighbour shares the core, everything is slower, and not everything alike: rounds in which
// the multiply-adds are slow do not count, if there are others. Of those that count, the tenth percentile
// does.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <thread>

#include <benchmark/benchmark.h>

#include "runtime/thread_team.h"
#include "tests/bench/machine.h"
#include "tests/bench/matrix_product.h"
#include "tests/bench/options.h"

namespace netc::bench {
namespace {

constexpr double kBurst = 30e-6;  // seconds
constexpr int kRepetitions = 8;
constexpr double kPatience = 20;    // seconds to wait for neighbours, over the whole run
constexpr std::size_t kEnough = 5;  // rounds

// The rounds of a shape: fewer where one takes long.
std::int64_t rounds_of(const Shape& shape) {
  return std::clamp<std::int64_t>(2'000'000'000 / (2 * shape.m * shape.n * shape.k), 2, 10);
}

struct Round {
  double kernel, arithmetic, memory;  // seconds of one call
  double speed;                       // of multiply-adds, before or after: the lower one
};

struct Product {
  std::string name;
  std::vector<Round> rounds;
  double flops = 0;
  std::string cache;  // that holds what the product works on
};

class Subject {
 public:
  Subject(Direction direction, const Shape& shape, const Options& options, runtime::ThreadTeam& one_thread,
          Machine& machine)
      : machine_(machine),
        work_(work_of(direction, shape)),
        product_(build_product(direction, shape), {"x", "dy"}, options.target, options.overrides,
                 one_thread) {
    product_.run(0);
    const double once = std::max(seconds_of([&] { product_.run(0); }), 1e-9);
    calls_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(kBurst / once));
  }

  Round measure() {
    const double memory = machine_.memory_seconds(work_.read, work_.written, work_.updated);
    const double before = machine_.flops_a_second();
    product_.run(0);  // its data comes back into the caches
    const double seconds = seconds_of([&] {
      for (std::int64_t i = 0; i < calls_; ++i) product_.run(0);
    });
    const double after = machine_.flops_a_second();
    return {seconds / static_cast<double>(calls_), work_.padded_flops / before, memory,
            std::min(before, after)};
  }

  const Work& work() const { return work_; }
  std::string cache() const {
    for (const Cache& cache : caches())
      if (work_.read + work_.written + work_.updated <= cache.bytes) return cache.name;
    return "memory";
  }
  const kernel::Plan& plan() const { return product_.plan(); }

 private:
  Machine& machine_;
  Work work_;
  CompiledGraph product_;
  std::int64_t calls_ = 1;
};

// Finds the best speed, past neighbours that stay for a second or so.
void warm_up(Machine& machine) {
  for (int i = 0; i < 100; ++i) {
    machine.flops_a_second();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void wait_for_neighbours(Machine& machine) {
  static double patience = kPatience;
  while (patience > 0 && !machine.is_undisturbed(machine.flops_a_second())) {
    patience -= seconds_of([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });
  }
}

void run(benchmark::State& state, Subject& subject, Machine& machine, Product& product) {
  product.flops = subject.work().flops;
  product.cache = subject.cache();
  for (auto _ : state) {
    wait_for_neighbours(machine);
    product.rounds.push_back(subject.measure());
    state.SetIterationTime(product.rounds.back().kernel);
  }
}

// A product's rounds as one row.
struct Row {
  std::string name;
  double kernel = 0, gflops = 0, percent = 0;
  std::string limited_by;
  bool disturbed = false;  // throughout
};

Row row_of(const Product& product, const Machine& machine) {
  std::vector<Round> rounds;
  for (const Round& round : product.rounds)
    if (machine.is_undisturbed(round.speed)) rounds.push_back(round);
  const bool disturbed = rounds.size() < kEnough;
  if (disturbed) rounds = product.rounds;
  auto typical = [&](double Round::* time) {
    std::vector<double> values;
    for (const Round& round : rounds) values.push_back(round.*time);
    return tenth_percentile(std::move(values));
  };
  const double kernel = typical(&Round::kernel), arithmetic = typical(&Round::arithmetic),
               memory = typical(&Round::memory);
  return {product.name,
          kernel,
          product.flops / kernel / 1e9,
          100 * std::max(arithmetic, memory) / kernel,
          memory > arithmetic ? product.cache : "arithmetic",
          disturbed};
}

void print_summary(const std::string& group, const std::vector<Row>& rows) {
  std::vector<Row> members;
  for (const Row& row : rows)
    if (group == "all" || row.name.starts_with(group + "/")) members.push_back(row);
  if (members.empty()) return;
  std::sort(members.begin(), members.end(), [](const Row& a, const Row& b) { return a.percent < b.percent; });
  auto under = [&](double percent) {
    return std::count_if(members.begin(), members.end(),
                         [&](const Row& row) { return row.percent < percent; });
  };
  fmt::print("{:18} {:6} {:6.1f} % {:6.1f} % {:11} {:11}  {}\n", group, members.size(),
             members[members.size() / 2].percent, members[0].percent, under(50), under(75), members[0].name);
}

void print_rows(const std::vector<Row>& rows) {
  fmt::print("{:36} {:>10} {:>10} {:>9}  {}\n", "direction/MxNxK", "us", "GFLOP/s", "of limit", "limited by");
  for (const Row& row : rows) {
    fmt::print("{:36} {:10.2f} {:10.1f} {:7.1f} %  {}{}\n", row.name, row.kernel * 1e6, row.gflops,
               row.percent, row.limited_by, row.disturbed ? " (disturbed)" : "");
  }
  fmt::print("\n{:18} {:>6} {:>8} {:>8} {:>11} {:>11}  {}\n", "of the limit", "shapes", "median", "worst",
             "under 50 %", "under 75 %", "the worst");
  for (Direction direction : kDirections) print_summary(name_of(direction), rows);
  print_summary("all", rows);
}

// The rows need the rounds of all repetitions, so nothing is printed as they run.
class Silence : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

void print_machine(const kernel::Target& target, Machine& machine) {
  auto typical = [](auto&& measure) {
    std::vector<double> values;
    for (int i = 0; i < 9; ++i) values.push_back(measure());
    return median(values) / 1e9;
  };
  fmt::print("{}, vectors of {} floats, one thread: {:.1f} GFLOP/s\n", target.cpu, target.floats_a_register,
             typical([&] { return machine.flops_a_second(); }));
  // Half of a cache, and a quarter of the last one, which cores share; then much more than fits.
  std::vector<Cache> places = caches();
  for (Cache& place : places) place.bytes /= place.name == "L3" ? 4 : 2;
  places.push_back({"memory", std::size_t{128} << 20});
  for (const auto& [name, bytes] : places) {
    const auto all = static_cast<double>(bytes);
    fmt::print("{:7} {:9} bytes: {:6.1f} GB/s read, {:6.1f} written, {:6.1f} updated\n", name, bytes,
               typical([&] { return all / machine.memory_seconds(bytes, 0, 0); }),
               typical([&] { return all / machine.memory_seconds(0, bytes, 0); }),
               typical([&] { return all / machine.memory_seconds(0, 0, bytes); }));
  }
  fmt::print("\n");
}

std::deque<Product> register_all(const Options& options, runtime::ThreadTeam& one_thread, Machine& machine) {
  std::deque<Product> products;
  for (Direction direction : kDirections) {
    for (const Shape& shape : kShapes) {
      Product& product = products.emplace_back();
      product.name = fmt::format("{}/{}x{}x{}", name_of(direction), shape.m, shape.n, shape.k);
      auto measure = [=, &options, &one_thread, &machine, &product](benchmark::State& state) {
        Subject subject(direction, shape, options, one_thread, machine);
        if (options.print_plans && product.rounds.empty()) fmt::print("{}\n", kernel::print(subject.plan()));
        run(state, subject, machine, product);
      };
      benchmark::RegisterBenchmark(product.name.c_str(), measure)
          ->UseManualTime()
          ->Iterations(rounds_of(shape))
          ->Repetitions(kRepetitions);
    }
  }
  return products;
}

int main_of(int argc, char** argv) {
  const Options options = take_options(argc, argv);  // the rest is Google Benchmark's
  std::string interleaved = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> words(argv, argv + argc);
  words.insert(words.begin() + 1, interleaved.data());
  argc = static_cast<int>(words.size());
  benchmark::Initialize(&argc, words.data());
  if (benchmark::ReportUnrecognizedArguments(argc, words.data())) return 2;
  if (!options.filter.empty()) benchmark::SetBenchmarkFilter(options.filter);
  Machine machine(options.target);
  runtime::ThreadTeam one_thread(1);
  const std::deque<Product> products = register_all(options, one_thread, machine);
  Silence reporter;
  // On a team's thread, so that numbers count as they do in training.
  one_thread.run([&](int) {
    warm_up(machine);
    wait_for_neighbours(machine);
    print_machine(options.target, machine);
    benchmark::RunSpecifiedBenchmarks(&reporter);
  });
  std::vector<Row> rows;
  for (const Product& product : products)
    if (!product.rounds.empty()) rows.push_back(row_of(product, machine));
  print_rows(rows);
  return 0;
}

}  // namespace
}  // namespace netc::bench

int main(int argc, char** argv) { return netc::bench::main_of(argc, argv); }

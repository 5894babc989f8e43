// netc's predictions, batch by batch: bench_predict FILE.net BATCH THREADS
// Compiles the network for that batch, and times steps over the test samples of the program's data.

#include <cstdio>
#include <numeric>
#include <string>

#include "compiler/codegen/codegen.h"
#include "compiler/driver/bind.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/pipeline.h"
#include "runtime/clock.h"
#include "runtime/executor.h"
#include "tests/bench/bench_json.h"

namespace netc::bench {
namespace {

constexpr double kSeconds = 0.5;  // of steps to time

int predict(const std::string& file, std::int64_t batch, int threads) {
  driver::Options options;
  auto origin = driver::read_origin(file);
  if (!origin.value) return origin.exit_code;
  auto loaded = driver::load_program(*origin.value, options, true);
  if (!loaded.value) return loaded.exit_code;
  auto data = runtime::load_dataset(loaded.value->request, threads);
  if (!data) return 1;

  driver::PipelineOptions pipeline;
  pipeline.target = *codegen::find_target("");
  Diagnostics diagnostics;
  const std::optional<kernel::Plan> plan =
      driver::plan_inference(loaded.value->network, loaded.value->sources, batch, pipeline, diagnostics);
  if (!plan) return 1;
  const std::vector<const kernel::Plan*> plans{&*plan};
  const auto code = codegen::compile(plans, pipeline.target, threads);
  runtime::Store store;
  const runtime::Program program = driver::bind_program(*plan, code->functions(0), batch, store);
  store.allocate();
  store.initialize(1);

  runtime::ThreadTeam team(threads);
  runtime::Executor executor(program, store, team);
  executor.bind(data->test);
  std::vector<std::int32_t> rows(static_cast<std::size_t>(data->test.count));
  std::iota(rows.begin(), rows.end(), 0);
  // So many steps that their batches, and what is fetched ahead, lie within the rows.
  const std::int64_t round = (data->test.count - 2 * batch - runtime::kLookAhead) / batch;
  const runtime::StepNumbers numbers{.count = static_cast<double>(batch)};
  std::vector<double> times;
  for (const double start = runtime::now_seconds(); runtime::now_seconds() - start < kSeconds;) {
    team.run([&](int thread) {
      double before = runtime::now_seconds();
      for (std::int64_t i = 0; i < round; ++i) {
        executor.step(thread, rows.data() + i * batch, numbers);
        if (thread > 0) continue;
        const double now = runtime::now_seconds();
        times.push_back((now - before) * 1e6);
        before = now;
      }
    });
  }
  print_times(times, std::nullopt);
  return 0;
}

}  // namespace
}  // namespace netc::bench

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: bench_predict FILE.net BATCH THREADS\n"), 2;
  return netc::bench::predict(argv[1], std::stoll(argv[2]), std::stoi(argv[3]));
}

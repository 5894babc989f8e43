#pragma once
// A graph of a few operations on random numbers, compiled and compared with the reference.

#include <array>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "tests/plan_runner.h"

namespace netc::testing {

class Trial {
 public:
  explicit Trial(unsigned seed) : random_(seed) {}

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  graph::ValueId parameter(const std::string& name, const graph::Extents& extents) {
    std::uniform_real_distribution<float> real(-1, 1);
    leaves[name] = make_tensor(extents, [&] { return real(random_); });
    return builder.parameter(name, extents, {});
  }
  // What a kernel has made.
  graph::ValueId activation(const std::string& name, const graph::Extents& extents) {
    graph::ScalarExpr expr;
    expr.root = expr.pool.binary(graph::ScalarOp::kMultiply, expr.pool.operand(0), expr.pool.constant(0.5));
    return builder.map(expr, {parameter(name, extents)});
  }
  graph::ValueId contract(graph::ValueId a, graph::ValueId b, graph::Contract contract,
                          graph::Extents result) {
    return builder.contract(a, b, std::move(contract), std::move(result));
  }
  void output(graph::ValueId value) {
    graph.outputs.push_back({fmt::format("y{}", graph.outputs.size()), value});
  }

  void check(double tolerance = 1e-5, const std::string& cpu = "") {
    check_run(training::run_reference(graph, leaves), tolerance, cpu);
  }
  // The run on one thread; those on others have the same bits.
  RunResult check_run(const training::ReferenceRun& reference, double tolerance, const std::string& cpu) {
    const CompiledGraph compiled(graph, {1, cpu, 0});
    RunResult run = compiled.run(leaves);
    for (const auto& [name, tensor] : reference.outputs)
      EXPECT_LE(norm_error(run.outputs.at(name), tensor.values), tolerance) << cpu << ": " << name << " of\n"
                                                                            << graph::print(graph);
    for (const auto& [name, tensor] : reference.next)
      EXPECT_LE(norm_error(run.leaves.at(name), tensor.values), tolerance) << cpu << ": " << name << " of\n"
                                                                           << graph::print(graph);
    for (int threads : {2, 3, 4}) EXPECT_TRUE(same_bits(run, compiled.run(leaves, threads))) << threads;
    return run;
  }

  graph::Graph graph;
  graph::Builder builder{graph};
  training::ReferenceLeaves leaves;

 private:
  std::mt19937 random_;
};

inline graph::IndexMap on(std::uint32_t first, std::uint32_t second) {
  return graph::axes_map(std::array{first, second});
}

// m, n, k: x [m, k], w [k, n], d [m, n].
inline void add_products(Trial& trial, std::int64_t m, std::int64_t n, std::int64_t k, int number) {
  const std::string id = std::to_string(number);
  const graph::ValueId x = trial.activation("x" + id, {m, k}), d = trial.activation("d" + id, {m, n});
  const graph::ValueId w = trial.parameter("w" + id, {k, n});
  trial.output(trial.builder.matmul(x, w));
  trial.output(trial.contract(d, w, {{m, k, n}, on(0, 2), on(1, 2), on(0, 1)}, {m, k}));
  const graph::ValueId gradient = trial.contract(x, d, {{k, n, m}, on(2, 0), on(2, 1), on(0, 1)}, {k, n});
  trial.graph.updates.push_back({w, trial.builder.binary(graph::ScalarOp::kSubtract, w, gradient)});
}

}  // namespace netc::testing

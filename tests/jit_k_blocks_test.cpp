// Long sums that go part by part, from copies of the operands.

#include <algorithm>
#include <optional>

#include "tests/kernel_trial.h"

namespace netc::testing {
namespace {

using graph::ScalarExpr;
using graph::ScalarOp;
using graph::ValueId;

// The gradient of w, and an update that takes many operations.
void add_long_update(Trial& trial, std::int64_t m, std::int64_t n, std::int64_t k) {
  const ValueId x = trial.activation("x", {m, k}), d = trial.activation("d", {m, n});
  const ValueId w = trial.parameter("w", {k, n});
  ScalarExpr step;
  step.root = step.pool.operand(0);
  for (int i = 0; i < 6; ++i) {
    const auto sum = step.pool.binary(ScalarOp::kAdd, step.root, step.pool.operand(1));
    step.root = step.pool.binary(ScalarOp::kMultiply, sum, step.pool.constant(0.5));
  }
  const ValueId gradient = trial.contract(x, d, {{k, n, m}, on(2, 0), on(2, 1), on(0, 1)}, {k, n});
  trial.graph.updates.push_back({w, trial.builder.map(step, {w, gradient})});
}

TEST(LongSums, GoInPartsAndReadCopies) {
  for (bool long_update : {false, true}) {
    Trial trial(7);
    long_update ? add_long_update(trial, 70, 330, 150) : add_products(trial, 70, 330, 150, 0);
    const auto reference = training::run_reference(trial.graph, trial.leaves);
    std::optional<RunResult> first;
    for (const char* cpu : {"x86-64-v4", "x86-64-v3"}) {
      if (!codegen::runs_here(*codegen::find_target(cpu))) continue;
      for (std::int64_t places : {0, 32}) {
        const CompiledGraph compiled(trial.graph, {1, cpu, 0, {{"", "k_block", places}}});
        const auto goes_so = [&](const kernel::Kernel& kernel) {
          const auto* contract = std::get_if<kernel::ContractKernel>(&kernel.form);
          return contract && contract->k_blocks && contract->k_blocks->panels &&
                 contract->k_blocks->sums.has_value() == (places > 0);
        };
        EXPECT_EQ(std::ranges::count_if(compiled.plan().kernels, goes_so), 1)
            << kernel::print(compiled.plan());
        const RunResult run = compiled.run(trial.leaves);
        for (const auto& [name, tensor] : reference.next)
          EXPECT_LE(norm_error(run.leaves.at(name), tensor.values), 1e-5) << cpu << ", " << places;
        for (int threads : {2, 3})
          EXPECT_TRUE(same_bits(run, compiled.run(trial.leaves, threads))) << threads;
        if (!first) first = run;
        EXPECT_TRUE(same_bits(*first, run)) << cpu << ", " << places;
      }
    }
  }
}

}  // namespace
}  // namespace netc::testing

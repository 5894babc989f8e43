#pragma once
// Runs a graph as compiled code, for comparison with the reference: lowers it, compiles it for a processor,
// and gives back every output and next value. And programs as text on their way to a network.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/codegen/codegen.h"
#include "compiler/graph/graph.h"
#include "compiler/kernel/lower.h"
#include "compiler/network/network.h"
#include "compiler/training/reference.h"

namespace netc::testing {

struct RunResult {
  std::map<std::string, std::vector<float>> outputs;
  std::map<std::string, std::vector<float>> leaves;  // parameters and state after the step
  bool updated = false;                              // the loss was finite
  friend bool operator==(const RunResult&, const RunResult&) = default;
};

struct RunSetting {
  int threads = 1;
  std::string cpu;  // empty: this machine
  std::uint64_t seed = 0;
  kernel::ScheduleOverrides overrides = {};
  std::int64_t cache_bytes = 0;  // of the second level; 0: the target's
};

// The kernel plan of a graph; fails the test where it is refused or does not verify.
kernel::Plan make_plan(const graph::Graph& graph, const RunSetting& setting = {});

// A graph compiled once, for any number of steps.
class CompiledGraph {
 public:
  explicit CompiledGraph(const graph::Graph& graph, const RunSetting& setting = {});

  // One step on `threads` threads, or as many as the plan was made for. `leaves` holds inputs, parameters and
  // state by name; `step`, `epoch`, `total_steps` and `count` are one number each.
  RunResult run(const training::ReferenceLeaves& leaves, int threads = 0) const;
  const kernel::Plan& plan() const { return plan_; }

 private:
  RunSetting setting_;
  kernel::Plan plan_;
  std::unique_ptr<codegen::Code> code_;
};

RunResult run_compiled(const graph::Graph& graph, const training::ReferenceLeaves& leaves,
                       const RunSetting& setting = {});

// |got - wanted| / |wanted| over a tensor (Euclidean norms; absolute where wanted is 0). A NaN on one side
// only is infinite.
double norm_error(const std::vector<float>& got, const std::vector<double>& wanted);

// Equal bits, NaN included.
bool same_bits(const RunResult& a, const RunResult& b);

// A program's text as a typed network; fails the test where it has errors.
struct TypedProgram {
  Sources sources;
  Diagnostics diagnostics;
  Definitions prelude;
  ast::Program program;
  Network network;
};
DataDescription mnist_description();
std::unique_ptr<TypedProgram> type_program(const std::string& text, const DataDescription& data,
                                           const std::string& name = "test.net");

// A leaf with every element drawn from `draw`.
template <typename Draw>
training::ReferenceTensor make_tensor(const graph::Extents& extents, Draw&& draw) {
  training::ReferenceTensor tensor{
      extents, std::vector<double>(static_cast<std::size_t>(graph::element_count(extents)))};
  for (double& value : tensor.values) value = draw();
  return tensor;
}

}  // namespace netc::testing

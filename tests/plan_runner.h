#pragma once
// Runs a graph as compiled code, for comparison with the reference: lowers it, compiles it for this machine,
// and gives back every output and next value.

#include <map>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/kernel/lower.h"
#include "compiler/training/reference.h"

namespace netc::testing {

struct RunResult {
  std::map<std::string, std::vector<float>> outputs;
  std::map<std::string, std::vector<float>> leaves;  // parameters and state after the step
};

struct RunSetting {
  int threads = 1;
  std::string cpu;  // empty: this machine
  std::uint64_t seed = 0;
};

// The kernel plan of a graph; fails the test where it is refused or does not verify.
kernel::Plan make_plan(const graph::Graph& graph, const RunSetting& setting = {});

// `leaves` holds inputs, parameters and state by name; `step`, `epoch`, `total_steps` and `count` are one
// number each.
RunResult run_compiled(const graph::Graph& graph, const training::ReferenceLeaves& leaves,
                       const RunSetting& setting = {});

}  // namespace netc::testing

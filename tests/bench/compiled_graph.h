#pragma once
// One contraction in a graph of its own, compiled on netc's normal path, with operands to work on.

#include <memory>
#include <string>
#include <vector>

#include "compiler/codegen/codegen.h"
#include "compiler/graph/build.h"
#include "compiler/kernel/lower.h"
#include "runtime/executor.h"

namespace netc::bench {

// What a contraction of a layer is for.
enum class Direction {
  kForward,          // y from x and w
  kBackwardData,     // the gradient of x from those of y and w
  kBackwardWeights,  // the gradient of w from that of y, and x
};
constexpr Direction kDirections[] = {Direction::kForward, Direction::kBackwardData,
                                     Direction::kBackwardWeights};
const char* name_of(Direction direction);

constexpr graph::Initializer kUniform{graph::Initializer::Kind::kUniform, 0.5};
// What another kernel has made, as a layer's input is: half of the parameter `name`.
graph::ValueId add_activation(graph::Builder& builder, const std::string& name,
                              const graph::Extents& extents);

class CompiledGraph {
 public:
  // Precondition: all kernels of the graph that read parameters named in `activations` make operands.
  // Compiles, initializes the parameters and runs once, on this thread.
  CompiledGraph(const graph::Graph& graph, const std::vector<std::string>& activations,
                const kernel::Target& target, const kernel::ScheduleOverrides& overrides,
                runtime::ThreadTeam& team);

  // The contraction once: every kernel but those that make its operands. Every thread of the team calls it,
  // within ThreadTeam::run, and they meet before they call it again.
  void run(int thread) { executor_->step(thread, nullptr, {}); }
  // An output or a parameter, in its logical order.
  std::vector<float> values(const std::string& name) const;
  const kernel::Plan& plan() const { return plan_; }

 private:
  // Whether a kernel comes before the contraction and is no part of it.
  bool makes_operands(const kernel::Kernel& kernel, const std::vector<std::string>& activations) const;

  kernel::Plan plan_;
  std::unique_ptr<codegen::Code> code_;
  runtime::Store store_;
  runtime::Program program_;
  std::unique_ptr<runtime::Executor> executor_;
};

}  // namespace netc::bench

#pragma once
// The matrix products of a dense layer, each in a graph of its own, compiled on netc's normal path.

#include <memory>
#include <string>

#include "compiler/codegen/codegen.h"
#include "compiler/kernel/lower.h"
#include "runtime/memory.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "tests/bench/shapes.h"

namespace netc::bench {

enum class Direction {
  kForward,          // y = x w + b
  kBackwardData,     // dx = dy w^T
  kBackwardWeights,  // w = w - rate * x^T dy
};
const char* name_of(Direction direction);

// What a product has to do at least.
struct Work {
  double flops = 0;         // useful ones
  double padded_flops = 0;  // with the axis along the vectors rounded up to 16: the better one of the two
  std::size_t read = 0, written = 0, updated = 0;  // bytes; `updated` are read and written
};
Work work_of(Direction direction, const Shape& shape);

// A compiled product with operands to work on.
class Contraction {
 public:
  Contraction(Direction direction, const Shape& shape, const kernel::Target& target,
              const kernel::ScheduleOverrides& overrides = {});

  // The product once, on this thread: every kernel but those that make its operands.
  void run() const;
  const kernel::Plan& plan() const { return plan_; }

 private:
  void* address(const runtime::ProgramBuffer& buffer);

  kernel::Plan plan_;
  std::unique_ptr<codegen::Code> code_;
  runtime::Store store_;
  runtime::StepNumbers numbers_;
  runtime::Memory arena_, private_;
  struct Call {
    runtime::KernelFunction function = nullptr;
    std::vector<void*> arguments;
    std::int64_t tiles = 1;
  };
  std::vector<Call> calls_;  // of the product
};

}  // namespace netc::bench

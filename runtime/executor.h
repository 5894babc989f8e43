#pragma once
// Runs a program's steps on a team of threads.

#include <string>
#include <vector>

#include "runtime/dataset.h"
#include "runtime/memory.h"
#include "runtime/profile.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "runtime/thread_team.h"

namespace netc::runtime {

class Executor {
 public:
  Executor(const Program& program, const Store& store, ThreadTeam& team);

  // Where the batches come from. The set has to outlive the executor's steps.
  void bind(const SampleSet& set);
  // From now on steps are timed, call by call. `profile` outlives the steps.
  void observe(Profile& profile) { profile_ = &profile; }

  // One step, on this thread's share; every thread of the team calls it with equal arguments (within
  // ThreadTeam::run). `rows` names the batch's samples: `program.batch` valid numbers, of which the first
  // `numbers.count` count, then the next batch's and kLookAhead more. False: the loss was not finite, and
  // nothing was updated; all threads agree. `alone`: thread 0 does all of the work, and no other calls it.
  bool step(int thread, const std::int32_t* rows, const StepNumbers& numbers, bool alone = false);

  // Of the last step, for any thread; 0 where the program has no such output.
  float loss_sum(int thread) const { return program_.loss_sum ? *number(*program_.loss_sum, thread) : 0; }
  float correct(int thread) const { return program_.correct ? *number(*program_.correct, thread) : 0; }
  // A float buffer's elements in the tensor's order, row-major.
  std::vector<float> values(std::size_t buffer) const;
  const Program& program() const { return program_; }

  // After a step that diverged: the first kernel before the check whose results are not all finite, null if
  // all are. Runs them once more, one by one: buffers share memory, so what is left of the step does not
  // tell.
  const KernelCall* first_bad_call();

 private:
  struct PerThread {
    Memory memory;
    BatchRows samples, labels;
    StepNumbers numbers;
    std::vector<std::vector<void*>> arguments;  // by call
  };
  template <typename Observer>
  bool run_calls(int thread, std::int64_t threads, Observer& observer);
  template <typename Observer>
  void run_band(std::size_t first, int thread, std::int64_t threads, Observer& observer);
  void run_part(std::size_t number, int thread, std::int64_t part);
  const float* number(std::size_t buffer, int thread) const {
    return static_cast<const float*>(address(buffer, thread));
  }
  void* address(std::size_t buffer, int thread) const;
  bool is_finite(const ProgramBuffer& buffer, const float* data) const;
  // Of the call's results: those that hold one part at a time, or the others.
  bool wrote_finite(const KernelCall& call, bool parts) const;

  const Program& program_;
  const Store& store_;
  ThreadTeam& team_;
  Profile* profile_ = nullptr;
  Memory arena_;
  mutable std::vector<PerThread> threads_;
};

// Rows past two batches that kernels may read to fetch ahead.
constexpr std::int64_t kLookAhead = 16;

}  // namespace netc::runtime

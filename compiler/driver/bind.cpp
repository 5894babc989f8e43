#include "compiler/driver/bind.h"

#include <fmt/format.h>

#include "compiler/kernel/cost.h"
#include "compiler/support/check.h"

namespace netc::driver {

namespace {

runtime::Place place_of(kernel::Storage storage) {
  switch (storage) {
    case kernel::Storage::kSamples: return runtime::Place::kSamples;
    case kernel::Storage::kLabels: return runtime::Place::kLabels;
    case kernel::Storage::kNumbers: return runtime::Place::kNumbers;
    case kernel::Storage::kPersistent: return runtime::Place::kPersistent;
    case kernel::Storage::kArena: return runtime::Place::kArena;
    case kernel::Storage::kPrivate: return runtime::Place::kPrivate;
  }
  return {};
}

runtime::MatrixLayout layout_of(const kernel::Buffer& buffer) {
  std::int64_t inner = 1;
  for (std::size_t axis = buffer.layout.minor_axis + 1; axis < buffer.extents.size(); ++axis)
    inner *= buffer.extents[axis];
  return {buffer.rows, buffer.columns, inner, buffer.layout.row_stride, buffer.layout.block_stride};
}

runtime::Start::Kind start_kind(graph::Initializer::Kind kind) {
  switch (kind) {
    case graph::Initializer::Kind::kConstant: return runtime::Start::Kind::kConstant;
    case graph::Initializer::Kind::kUniform: return runtime::Start::Kind::kUniform;
    case graph::Initializer::Kind::kNormal: return runtime::Start::Kind::kNormal;
    case graph::Initializer::Kind::kOrthogonal: return runtime::Start::Kind::kOrthogonal;
  }
  return {};
}

runtime::StoredTensor stored(const kernel::Buffer& buffer, bool predicts) {
  runtime::StoredTensor tensor;
  tensor.name = buffer.leaf;
  tensor.extents = buffer.extents;
  tensor.parameter = buffer.parameter;
  tensor.start = {start_kind(buffer.initializer.kind), buffer.initializer.value};
  tensor.layout = layout_of(buffer);
  tensor.bytes = buffer.bytes;
  tensor.predicts = predicts && !buffer.parameter;
  return tensor;
}

runtime::ProgramBuffer program_buffer(const kernel::Buffer& buffer, bool predicts, runtime::Store& store) {
  runtime::ProgramBuffer result;
  result.name = buffer.name;
  result.place = place_of(buffer.storage);
  result.offset = buffer.offset;
  result.is_float = buffer.dtype == kernel::DType::kF32 && buffer.storage != kernel::Storage::kNumbers;
  result.layout = layout_of(buffer);
  if (buffer.parts > 1) {
    result.layout.rows /= buffer.parts;
    result.part_bytes = buffer.part_bytes();
  }
  if (buffer.storage == kernel::Storage::kPersistent) result.tensor = store.add(stored(buffer, predicts));
  return result;
}

runtime::KernelCall kernel_call(const kernel::Plan& plan, const kernel::Kernel& kernel,
                                runtime::KernelFunction function) {
  runtime::KernelCall call;
  call.name = kernel.name;
  if (kernel.line > 0) call.where = fmt::format("{}:{}", kernel.file, kernel.line);
  call.function = function;
  call.tiles = kernel.tiles;
  call.together = kernel.together;
  call.replicated = kernel.replicated;
  call.barrier_before = kernel.barrier_before;
  call.parts = kernel.parts;
  call.band = kernel.band;
  for (kernel::BufferId id : kernel.arguments) call.arguments.push_back(index(id));
  for (const kernel::Access& access : kernel.accesses) {
    // The uniforms begin with words that are no numbers.
    if (access.write && access.buffer != plan.uniforms_buffer) call.writes.push_back(index(access.buffer));
  }
  call.work = kernel::work_of(plan, kernel);
  return call;
}

}  // namespace

runtime::Program bind_program(const kernel::Plan& plan, const std::vector<runtime::KernelFunction>& functions,
                              std::int64_t batch, runtime::Store& store, bool predicts) {
  runtime::Program program;
  program.batch = batch;
  for (const kernel::Buffer& buffer : plan.buffers)
    program.buffers.push_back(program_buffer(buffer, predicts, store));
  for (std::size_t k = 0; k < plan.kernels.size(); ++k)
    program.calls.push_back(kernel_call(plan, plan.kernels[k], functions[k]));
  program.check_before = plan.check_before;
  program.arena_bytes = plan.arena_bytes;
  program.private_bytes = plan.private_bytes;
  for (const kernel::Plan::Output& output : plan.outputs) {
    if (output.name == "loss_sum") program.loss_sum = index(output.buffer);
    if (output.name == "correct") program.correct = index(output.buffer);
    if (output.name == "output") program.output = index(output.buffer);
  }
  return program;
}

}  // namespace netc::driver

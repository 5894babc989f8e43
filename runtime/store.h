#pragma once
// Parameters and optimizer state in memory, in the layouts that kernels want. A tensor may lie there twice,
// with one axis or the other along the vectors; the copies always hold the same.

#include <string>
#include <vector>

#include "runtime/initial_values.h"
#include "runtime/memory.h"
#include "runtime/program.h"
#include "runtime/result.h"
#include "runtime/tensor.h"

namespace netc::runtime {

struct StoredTensor {
  std::string name;  // `dense_1.weight`, `dense_1.weight.m`
  std::vector<std::int64_t> extents;
  bool parameter = false;  // else state
  Start start;
  MatrixLayout layout;
  std::int64_t bytes = 0;
  bool predicts = false;  // state that predictions read: it is saved with the weights
};

class Store {
 public:
  // The place of a tensor with this name and axis order; adds it if it is new.
  std::size_t add(const StoredTensor& tensor);
  // Gives values to a tensor and its copies, if there is one of that name.
  void set(const std::string& name, const std::vector<float>& values);
  // After the last add: memory for all, zeroed.
  void allocate();
  float* data(std::size_t tensor) const { return pointers_[tensor]; }

  // Every tensor by its initializer.
  void initialize(std::uint64_t seed);
  // In order of first addition: what a prediction needs, or parameters and all state.
  std::vector<NamedTensor> weights() const { return read(false); }
  std::vector<NamedTensor> everything() const { return read(true); }
  std::int64_t parameter_count() const;
  // Gives each parameter the value of its state of this name, and that state the parameter's.
  void exchange(const std::string& state);
  // Takes over values by name, for all copies. Refuses what does not fit, saying how it differs;
  // `need_state`: state that no prediction reads must be there, too.
  Status assign(const std::vector<NamedTensor>& tensors, bool need_state);

 private:
  std::vector<NamedTensor> read(bool with_state) const;
  void write(std::size_t tensor, const std::vector<float>& values);
  std::vector<StoredTensor> tensors_;
  std::vector<float*> pointers_;
  Memory memory_;
};

}  // namespace netc::runtime

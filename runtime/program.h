#pragma once
// A compiled step as the runtime sees it: kernels to call in order, where each buffer lies, and where threads
// meet. The compiler fills it in; a program that was compiled ahead of time carries it as data.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace netc::runtime {

// Tiles [begin, end) of a kernel; args[i] is the memory of its i-th argument.
using KernelFunction = void (*)(void* const* args, std::int64_t begin, std::int64_t end);

// What a kernel gets for an argument of the data set: sample rows[b] is row b of the batch.
struct BatchRows {
  const void* data = nullptr;
  const std::int32_t* rows = nullptr;
};

// What a kernel gets for the numbers of the step.
struct StepNumbers {
  double step = 1, epoch = 0, total_steps = 1, count = 0;
  double rate_factor = 1;  // what `reduce_lr` has brought the learning rate to
  // Of a batch in shards: which update this step is a part of (from 1; total_steps counts these), the samples
  // of the whole batch, and whether this is its first or last shard (0 or 1).
  double update = 1, batch_count = 0, first_shard = 1, last_shard = 1;
  std::uint64_t seed = 0;
};

enum class Place : std::uint8_t { kSamples, kLabels, kNumbers, kPersistent, kArena, kPrivate };

// Element (r, c) lies at r * row_stride + (c / 16) * block_stride + c % 16. One axis of the tensor runs along
// c, the others along r; `inner` elements of the tensor share an index of that axis and those before it.
struct MatrixLayout {
  std::int64_t rows = 1, columns = 1;
  std::int64_t inner = 1;
  std::int64_t row_stride = 0, block_stride = 16;
  friend bool operator==(const MatrixLayout&, const MatrixLayout&) = default;
};

// Calls visit(place in the tensor's row-major order, place in memory) for each element.
template <typename Visit>
void for_each_element(const MatrixLayout& layout, Visit visit) {
  for (std::int64_t r = 0; r < layout.rows; ++r) {
    for (std::int64_t c = 0; c < layout.columns; ++c) {
      const std::int64_t outer = r / layout.inner;
      const std::int64_t logical = (outer * layout.columns + c) * layout.inner + r % layout.inner;
      visit(logical, r * layout.row_stride + c / 16 * layout.block_stride + c % 16);
    }
  }
}

struct ProgramBuffer {
  std::string name;
  Place place = Place::kArena;
  std::int64_t offset = 0;  // kArena, kPrivate
  std::size_t tensor = 0;   // kPersistent: which of the store's tensors
  bool is_float = true;
  MatrixLayout layout;
  std::int64_t part_bytes =
      0;  // > 0: holds one part of a band at a time; kernels find the n-th at n times this
};

// What a call does at the least, for profiles.
struct Work {
  double flops = 0;        // floating operations as the program states them
  double bytes_moved = 0;  // each buffer that is read, and each that is written, once
  double bytes_held = 0;   // of all buffers that are touched
};

struct KernelCall {
  std::string name;
  std::string where;  // `mnist.net:1`, for messages
  KernelFunction function = nullptr;
  std::int64_t tiles = 1;
  std::int64_t together = 1;  // so many neighbouring tiles are run by the same thread
  bool replicated = false;    // every thread runs all tiles
  bool barrier_before = false;
  // This call and those behind it, `band` in all, are run for one part of their tiles after the other.
  // Threads share out the parts.
  std::int64_t parts = 1;
  std::size_t band = 1;
  std::vector<std::size_t> arguments;  // buffers
  std::vector<std::size_t> writes;     // buffers
  Work work;                           // of all tiles
};

struct Program {
  std::int64_t batch = 0;
  std::vector<ProgramBuffer> buffers;
  std::vector<KernelCall> calls;
  std::size_t check_before =
      0;  // the loss is tested before this call; nothing persistent is written before it
  std::int64_t arena_bytes = 0, private_bytes = 0;
  std::optional<std::size_t> loss_sum, correct;  // buffers of one number, which each thread makes for itself
  std::optional<std::size_t> output;             // [batch, outputs]
};

}  // namespace netc::runtime

#pragma once
// What is learned of the training samples before training: two numbers a channel, which bring bytes to a
// common range. They are state of the program, named below, and saved with the weights.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/data_settings.h"
#include "runtime/dataset.h"

namespace netc::runtime {

// A byte x becomes x * scale + shift.
inline constexpr const char* kDataScale = "data.scale";
inline constexpr const char* kDataShift = "data.shift";

struct Normalizer {
  std::vector<float> scale, shift;  // [channels]
};

// From samples `rows` of the set. standard: mean 0 and (population) deviation 1; minmax: from 0 to 1.
// Channels that are constant become 0. `channels` divides the elements of a sample; the last axis is theirs.
// Sums are exact, so `threads` do not matter.
Normalizer learn_normalizer(Normalization kind, const SampleSet& set, std::span<const std::int32_t> rows,
                            std::int64_t channels, int threads);

}  // namespace netc::runtime

#pragma once
// Training images, changed at random: each time that a sample is seen it looks a little different.

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/data_settings.h"
#include "runtime/dataset.h"

namespace netc::runtime {

// Changes one image. What becomes of it is a function of (seed, epoch, position) alone, so any thread can do
// it, and a resumed run does the same. Arithmetic is in whole numbers where pixels are concerned.
//
// Random numbers: word w of philox {2 p + w / 4, epoch, low, high word of stream_of("augment")}, where p is
// the position in the epoch's order, decides, from word 0 on: the shift down and to the right, the angle, the
// scale, the flip, the brightness, and the place of the cut down and to the right. Noise of value i takes
// word i % 4 of philox {i / 4, epoch, low word of stream_of("augment/noise"), p}.
class Augmenter {
 public:
  // extents: height, width, channels
  Augmenter(const Augmentation& settings, const std::vector<std::int64_t>& extents, std::uint64_t seed);

  std::int64_t elements() const { return height_ * width_ * channels_; }
  std::size_t scratch_bytes() const;
  // sample, out: [height, width, channels]; `scratch` has scratch_bytes().
  void make(const std::uint8_t* sample, std::int64_t epoch, std::int64_t position,
            std::span<std::uint8_t> scratch, std::uint8_t* out) const;

 private:
  struct Draws;
  void move(const std::uint8_t* sample, const Draws& draws, std::uint8_t* out) const;
  void warp(const std::uint8_t* sample, const Draws& draws, std::span<std::uint8_t> scratch,
            std::uint8_t* out) const;
  void brighten(const Draws& draws, std::uint8_t* out) const;
  void add_noise(std::int64_t epoch, std::int64_t position, std::uint8_t* out) const;
  void cut(const Draws& draws, std::uint8_t* out) const;

  Augmentation settings_;
  std::int64_t height_, width_, channels_;
  std::uint64_t seed_;
};

// Batches of changed samples, made by the team's threads before each step. They are a set of samples of its
// own, of two batches in turn: the one is made while slower threads still read the other.
class AugmentedBatches {
 public:
  // `source` outlives this.
  AugmentedBatches(Augmenter augmenter, const SampleSet& source, std::int64_t batch, int threads);

  // To be bound to the executor.
  const SampleSet& set() const { return made_; }
  // Makes share `thread` of `threads` of step `step` of the epoch, counted from 0; `rows` are that batch's in
  // the source. Returns its rows in set(). All shares have to be made before any thread reads.
  const std::int32_t* make(int thread, int threads, std::int64_t epoch, std::int64_t step,
                           const std::int32_t* rows);

 private:
  const Augmenter augmenter_;
  const SampleSet& source_;
  const std::int64_t batch_;
  SampleSet made_;
  std::vector<std::int32_t> rows_;                  // of both batches in turn, and what kernels fetch ahead
  std::vector<std::vector<std::uint8_t>> scratch_;  // a thread
};

}  // namespace netc::runtime

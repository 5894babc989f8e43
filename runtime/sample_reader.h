#pragma once
// Samples to predict, one after the other, from files and pipes that may be anything, in the form that a
// network takes.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "runtime/data_record.h"
#include "runtime/data_settings.h"
#include "runtime/encoding.h"
#include "runtime/result.h"

namespace netc::runtime {

// One input: an image, or a file of many samples.
class SampleReader {
 public:
  virtual ~SampleReader() = default;
  // The next samples, at most as many as fit into `out`: as many as there are without waiting, at least one;
  // 0 where the input ends. After an error nothing more comes.
  virtual Result<std::int64_t> read(std::span<std::uint8_t> out) = 0;
  // What a person should know of the samples so far, a line each.
  virtual std::vector<std::string> notes() const { return {}; }
};

// What a network takes.
struct SampleForm {
  std::vector<std::int64_t> extents;
  ImageSettings images;  // as the program says them
  // Of a network that was trained on a table: inputs are rows, and samples floats.
  std::optional<Encoding> encoding = {};
  int threads = 1;

  std::int64_t values() const;
  std::int64_t bytes() const { return values() * static_cast<std::int64_t>(encoding ? sizeof(float) : 1); }
};

// Rows of a table where the network takes them; else PNG, JPEG and idx, known by their content; `-` is stdin.
// Memory is bounded by a batch, but for a packed idx file, which is unpacked as a whole.
Result<std::unique_ptr<SampleReader>> open_samples(const std::string& path, const SampleForm& form);

}  // namespace netc::runtime

#pragma once
// Labelled samples in memory, as the compiled step reads them: bytes stay bytes until a kernel converts them.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace netc::runtime {

// A block of bytes that starts at a multiple of 64 and is followed by at least 64 readable bytes (vector loads may run over the end).
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::size_t size);
  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const;
  };
  std::unique_ptr<std::uint8_t[], Free> data_;
  std::size_t size_ = 0;
};

// One part (training or test): `count` samples of `sample_elements` bytes each, and a label each.
struct SampleSet {
  std::int64_t count = 0;
  std::int64_t sample_elements = 0;
  Bytes samples;                     // [count, sample_elements] u8
  std::vector<std::int32_t> labels;  // [count]
};

struct Dataset {
  std::vector<std::int64_t> sample_extents;  // 28, 28, 1
  std::int64_t classes = 0;
  std::vector<std::string> class_names;      // empty, or one each
  SampleSet train, test;
  std::string source;                        // words for people: `mnist: 60,000 training and 10,000 test images of 28x28x1, 10 classes`
};

// What to load. Paths in `files` are already resolved.
struct DataRequest {
  std::string kind;                      // mnist, fashion_mnist, idx
  std::vector<std::string> files;        // idx: training images, training labels [, test images, test labels]
  std::vector<std::string> search;       // folders where a known set may lie, most wanted first
};

// Of a source, without loading it: headers alone (labels are read where nothing else tells the number of classes).
struct DatasetDescription {
  std::vector<std::int64_t> sample_extents;
  std::int64_t classes = 0;
  std::int64_t train = 0, test = 0;
};

// Reads headers, checks that the files belong together.
Result<DatasetDescription> describe_dataset(const DataRequest& request);
// Reads, inflates (.gz) and, for the built-in sets, checks SHA-256 (mnist) or MD5 (fashion_mnist) of the decompressed files. Bounded: what is
// allocated follows from the file's own size. Files are read on up to `threads` threads.
Result<Dataset> load_dataset(const DataRequest& request, int threads);
// Sources by name, for messages and did-you-mean.
std::vector<std::string> data_source_names();

// Which samples of the training part train and which validate: `validation` of them, drawn by the run's seed, in drawing order.
struct Split {
  std::vector<std::int32_t> train, validation;
};
Split split_samples(std::int64_t count, std::int64_t validation, std::uint64_t seed);

// The order of an epoch: a permutation of `samples` (Fisher-Yates with Philox, stream "shuffle", step = epoch).
void shuffle_epoch(std::vector<std::int32_t>& samples, std::uint64_t seed, std::int64_t epoch);

}  // namespace netc::runtime

#pragma once
// Labelled samples in memory, as the compiled step reads them: bytes stay bytes until a kernel converts them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/cache.h"
#include "runtime/data_settings.h"
#include "runtime/idx.h"
#include "runtime/result.h"

namespace netc::runtime {

// One part (training or test): `count` samples of `sample_elements` bytes each, and a label each.
struct SampleSet {
  std::int64_t count = 0;
  std::int64_t sample_elements = 0;
  Bytes samples;                     // [count, sample_elements] u8, from a multiple of 64 on
  std::vector<std::int32_t> labels;  // [count]
  std::string unpacked_key;          // of samples that were unpacked or decoded and may be kept
  // The samples' file, proved to be genuine, where they are not unpacked yet: `samples` is empty.
  std::optional<IdxFile> packed;
};

struct Dataset {
  std::vector<std::int64_t> sample_extents;  // 28, 28, 1
  std::int64_t classes = 0;
  std::vector<std::string> class_names;  // empty, or one each
  SampleSet train, test;
  // Words for people: `mnist: 60,000 training and 10,000 test images of 28x28x1, 10 classes`
  std::string source;
  double loaded_at = 0;  // on the steady clock, in seconds
};

// What to load. Paths in `files` are already resolved.
struct DataRequest {
  std::string kind;                 // a data source's name
  std::vector<std::string> files;   // files or folders, as the source takes them
  std::vector<std::string> search;  // folders where a known set may lie, most wanted first
  ImageSettings images = {};
  std::int64_t held_out = 0;  // samples for the test, where the source has to be asked for them
};

// Of a source, without loading it: headers alone (labels are read where nothing else tells the number of
// classes).
struct DatasetDescription {
  std::vector<std::int64_t> sample_extents;
  std::int64_t classes = 0;
  std::int64_t train = 0, test = 0;
  bool holds_out = false;  // there is no test part, but DataRequest::held_out of the training part become one
};

// Reads headers, checks that the files belong together.
Result<DatasetDescription> describe_dataset(const DataRequest& request);
// Reads, inflates (.gz) and, for the built-in sets, checks SHA-256 (mnist) or MD5 (fashion_mnist) of the
// decompressed files, or XXH3 of a .gz in wide use. Bounded: what is allocated follows from the file's own
// size. Files are unpacked and hashed on up to `threads` threads. Samples that `cache` has are mapped
// instead. With `kLater`, test samples stay packed where they are proved to be genuine without unpacking:
// what is wrong with files is said at once either way.
enum class Unpack { kNow, kLater };
Result<Dataset> load_dataset(const DataRequest& request, int threads, const Cache& cache = Cache(),
                             Unpack test_samples = Unpack::kNow);
// Where load_dataset left the samples packed.
Status unpack_samples(SampleSet& set);
// Samples that were unpacked are put into the cache. This takes as long as writing them.
void keep_unpacked(const Dataset& data, const Cache& cache);

// Which samples of the training part train and which validate. The first `validation` steps of a Fisher-Yates
// shuffle of 0 .. count-1 draw the validating ones: step i swaps place i with place
//   i + (r_i * (count - i) >> 32), where r_i = random_bits(seed, stream_of("split"), 0, i).
// Validating samples stand in drawing order, training ones ascend. 0 <= validation <= count.
struct Split {
  std::vector<std::int32_t> train, validation;
};
Split split_samples(std::int64_t count, std::int64_t validation, std::uint64_t seed);

// Which part of a cross-validation each of `count` samples is in. The samples of each class are dealt out to
// the parts in turn, in an order drawn by the seed, and the next class goes on where the one before ended: so
// parts differ by one sample at most, and by one of each class. Without labels all samples are dealt out so.
std::vector<std::int32_t> deal_folds(std::int64_t count, std::span<const std::int32_t> labels,
                                     std::int64_t folds, std::uint64_t seed);

// The order of an epoch: a permutation of `samples` by Fisher-Yates. For i from the last place down to 1, it
// swaps place i with place
//   r_i * (i + 1) >> 32, where r_i = random_bits(seed, stream_of("shuffle"), epoch, i).
// The result depends on the order given: start each epoch from the same one.
void shuffle_epoch(std::vector<std::int32_t>& samples, std::uint64_t seed, std::int64_t epoch);

}  // namespace netc::runtime

#pragma once
// Labelled samples in memory, as the compiled step reads them: bytes stay bytes until a kernel converts them;
// what is not bytes is floats.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/cache.h"
#include "runtime/data_settings.h"
#include "runtime/encoding.h"
#include "runtime/idx.h"
#include "runtime/result.h"

namespace netc::runtime {

// One part (training or test): `count` samples of `sample_elements` values each, and a label or some numbers
// each.
struct SampleSet {
  std::int64_t count = 0;
  std::int64_t sample_elements = 0;
  Bytes samples;                     // [count, sample_elements] u8 or f32, from a multiple of 64 on
  std::vector<std::int32_t> labels;  // [count]: classes
  std::vector<float> targets;        // [count, targets], in place of labels
  std::string unpacked_key;          // of samples that were unpacked or decoded and may be kept
  // The samples' file, proved to be genuine, where they are not unpacked yet: `samples` is empty.
  std::optional<IdxFile> packed;
};

// The rows of a table, or two, that become samples when it is known which of them train.
struct TableParts {
  Table train;
  std::optional<Table> test;  // else the test's rows are among the others
  Encoding encoding;          // as planned; or, where a run brings its own, as learned
  bool learned = false;
  Targets train_targets, test_targets;
  std::int64_t left_out = 0;  // rows with missing cells
};
struct TableRows {
  std::shared_ptr<const TableParts> parts;
  std::vector<std::int32_t> train, test;  // of the tables: which row is which sample
};

struct Dataset {
  std::vector<std::int64_t> sample_extents;  // 28, 28, 1
  bool bytes = true;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;   // empty, or one each
  std::int64_t targets = 1;               // where there are no classes: numbers to predict
  std::vector<std::string> target_names;  // empty, or one each
  SampleSet train, test;
  std::optional<TableRows> rows;     // what the samples are made of: see encode_dataset
  std::optional<Encoding> encoding;  // by which they were made
  std::vector<std::string> notes;    // what a person should know of that, a line each
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
  int threads = 1;            // on which a table is read when it is described
  TableSettings table = {};
  MadeNumbers made = {};
  std::optional<Encoding> encoding = {};         // of a run: its rows are to be encoded as its own were
  std::shared_ptr<const TableParts> parts = {};  // where describing had to read them
};

// Of a source, without loading it: headers alone (labels are read where nothing else tells the number of
// classes).
struct DatasetDescription {
  std::vector<std::int64_t> sample_extents;
  std::int64_t classes = 0;
  std::int64_t train = 0, test = 0;
  bool holds_out = false;  // there is no test part, but DataRequest::held_out of the training part become one
  bool bytes = true;       // else floats
  std::int64_t targets = 1;
  std::shared_ptr<const TableParts> parts = {};  // of a table: it had to be read
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
// Of a table: learns from the training samples `training` how rows become samples, and makes them of all;
// with an encoding that is learned already, that alone. Other data is left as it is. For any number of
// threads the same.
Status encode_dataset(Dataset& data, std::span<const std::int32_t> training, Normalization kind,
                      Missing missing, int threads);
// Samples that were unpacked are put into the cache. This takes as long as writing them.
void keep_unpacked(const Dataset& data, const Cache& cache);

// Which samples of the training part train and which validate. A Fisher-Yates shuffle puts 0 .. count-1 in an
// order: step i swaps place i with place
//   i + (r_i * (count - i) >> 32), where r_i = random_bits(seed, stream_of("split"), 0, i).
// The first `validation` of that order validate. With `labels`, of each class the first so many as its share
// of all samples says: rounded down, and where that leaves some over, one more for the classes that lost most
// (of equals, for the first). Validating samples stand in the order of the shuffle, training ones ascend. 0
// <= validation <= count; `labels` is empty, or has `count` classes from 0 on.
struct Split {
  std::vector<std::int32_t> train, validation;
};
Split split_samples(std::int64_t count, std::int64_t validation, std::uint64_t seed,
                    std::span<const std::int32_t> labels = {});

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

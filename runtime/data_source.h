#pragma once
// The sources that `data` knows: a row for each, in data_source.cpp.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/dataset.h"
#include "runtime/made_sets.h"

namespace netc::runtime {

struct LoadOptions {
  int threads = 1;
  const Cache& cache;
  Unpack test_samples = Unpack::kNow;
};

// What a source of tables reads: one to train with, and perhaps one for the test.
struct ReadTables {
  Table train;
  std::optional<Table> test;
  CsvFormat format = {};                  // of text files
  std::vector<std::string> targets = {};  // unless it is said; empty: the last column
};

struct DataSource {
  std::string name;
  std::vector<std::size_t> paths = {0};     // how many files or folders it takes
  std::string takes;                        // the same in words: `2 or 4 files`
  std::string example;                      // `data idx "train-images" "train-labels"`, and what more to say
  bool image_settings = false;              // takes those of ImageSettings
  bool table_settings = false;              // takes those of TableSettings
  const MadeSet* made = nullptr;            // takes its numbers
  std::optional<DatasetDescription> known;  // what it holds wherever its files lie
  Result<ReadTables> (*read_tables)(const DataRequest& request) =
      nullptr;  // of tables alone: these say the rest
  Result<DatasetDescription> (*describe)(const DataRequest& request) = nullptr;
  Result<Dataset> (*load)(const DataRequest& request, const LoadOptions& options) = nullptr;

  bool has_tables() const { return read_tables != nullptr; }
};

const std::vector<DataSource>& data_sources();
const DataSource* find_data_source(std::string_view name);

// The rows' functions; what they do is said at describe_dataset and load_dataset. `source` and `loaded_at` of
// what they load are filled in by load_dataset.
Result<DatasetDescription> describe_idx(const DataRequest& request);
Result<Dataset> load_idx(const DataRequest& request, const LoadOptions& options);
Result<DatasetDescription> describe_images(const DataRequest& request);
Result<Dataset> load_images(const DataRequest& request, const LoadOptions& options);
Result<DatasetDescription> describe_cifar10(const DataRequest& request);
Result<Dataset> load_cifar10(const DataRequest& request, const LoadOptions& options);
Result<ReadTables> read_csv_tables(const DataRequest& request);
Result<ReadTables> make_tables(const DataRequest& request);
Result<ReadTables> read_npy_tables(const DataRequest& request);  // no rows: the arrays are images
Result<DatasetDescription> describe_npy(const DataRequest& request);
Result<Dataset> load_npy(const DataRequest& request, const LoadOptions& options);
// Of every source of tables.
Result<DatasetDescription> describe_table(const DataRequest& request);
Result<Dataset> load_table(const DataRequest& request, const LoadOptions& options);

}  // namespace netc::runtime

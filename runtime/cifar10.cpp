// `data cifar10`: the binary version of CIFAR-10. Five files to train on and one to test, each with 10,000
// records: the label, and the image as three planes (red, green, blue) of 32x32 bytes.

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "runtime/data_source.h"
#include "runtime/files.h"
#include "runtime/report.h"
#include "runtime/tasks.h"

namespace netc::runtime {
namespace {

constexpr std::array kFiles = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                               "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
constexpr std::size_t kTrainFiles = kFiles.size() - 1;
constexpr std::array kClasses = {"airplane", "automobile", "bird",  "cat",  "deer",
                                 "dog",      "frog",       "horse", "ship", "truck"};
constexpr std::size_t kRecords = 10'000, kPixels = 32 * 32, kSample = 3 * kPixels, kRecord = 1 + kSample;

Result<std::vector<std::string>> locate(const std::string& folder) {
  std::vector<std::string> paths;
  for (const char* name : kFiles) {
    paths.push_back(folder + "/" + name);
    std::error_code ignored;
    if (std::filesystem::exists(paths.back(), ignored)) continue;
    return Error{
        fmt::format("cannot find CIFAR-10 in `{}`: there is no {}", folder, name),
        {"cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html has it: unpack that, and "
         "name its folder cifar-10-batches-bin"}};
  }
  return paths;
}

Result<InputFile> open(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "a file of CIFAR-10");
  if (!file || file->size() == kRecords * kRecord) return file;
  return Error{fmt::format("`{}` is not a file of CIFAR-10's binary version: it has {} bytes, expected {}",
                           path, with_commas(static_cast<std::int64_t>(file->size())),
                           with_commas(static_cast<std::int64_t>(kRecords * kRecord))),
               {}};
}

// Of one file, into its place in the part.
Status load_file(const std::string& path, std::uint8_t* samples, std::int32_t* labels) {
  Result<InputFile> file = open(path);
  if (!file) return file.error();
  std::vector<std::uint8_t> records(kRecords * kRecord);
  if (Status status = file->read(records, 0); !status) return status;
  for (std::size_t i = 0; i < kRecords; ++i) {
    const std::uint8_t* record = &records[i * kRecord];
    if (record[0] >= kClasses.size())
      return Error{
          fmt::format("label {} in `{}` is {}, expected 0 to {}",
                      with_commas(static_cast<std::int64_t>(i) + 1), path, record[0], kClasses.size() - 1),
          {}};
    labels[i] = record[0];
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel)
      for (std::size_t c = 0; c < 3; ++c) *samples++ = record[1 + c * kPixels + pixel];
  }
  return Done{};
}

SampleSet empty_part(std::size_t files) {
  SampleSet set;
  set.count = static_cast<std::int64_t>(files * kRecords);
  set.sample_elements = kSample;
  set.samples = Bytes(files * kRecords * kSample);
  set.labels.resize(files * kRecords);
  return set;
}

}  // namespace

Result<DatasetDescription> describe_cifar10(const DataRequest& request) {
  Result<std::vector<std::string>> paths = locate(request.files[0]);
  if (!paths) return paths.error();
  for (const std::string& path : *paths)
    if (Result<InputFile> file = open(path); !file) return file.error();
  return *find_data_source("cifar10")->known;
}

Result<Dataset> load_cifar10(const DataRequest& request, const LoadOptions& options) {
  Result<std::vector<std::string>> paths = locate(request.files[0]);
  if (!paths) return paths.error();
  Dataset data;
  data.sample_extents = {32, 32, 3};
  data.classes = kClasses.size();
  data.class_names.assign(kClasses.begin(), kClasses.end());
  data.train = empty_part(kTrainFiles);
  data.test = empty_part(1);
  std::vector<Status> statuses(kFiles.size(), Status(Done{}));
  run_tasks(kFiles.size(), options.threads, [&](std::size_t i) {
    SampleSet& set = i < kTrainFiles ? data.train : data.test;
    const std::size_t first = i % kTrainFiles * kRecords;
    statuses[i] = load_file((*paths)[i], set.samples.data() + first * kSample, set.labels.data() + first);
  });
  for (const Status& status : statuses)
    if (!status) return status.error();
  return data;
}

}  // namespace netc::runtime

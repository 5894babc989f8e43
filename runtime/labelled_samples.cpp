#include "runtime/labelled_samples.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "runtime/data_source.h"
#include "runtime/known_sets.h"

namespace netc::runtime {
namespace {

Error unknown_class(const std::string& file, const std::string& name, const DataRecord& record) {
  Error error{fmt::format("`{}` has the class `{}`, which the run was not trained on", file, name), {}};
  if (record.class_names.empty())
    error.hints.push_back(fmt::format("its classes are 0 to {}", record.classes - 1));
  else error.hints.push_back(fmt::format("its classes are `{}`", fmt::join(record.class_names, "`, `")));
  return error;
}

// The run's numbers of the data's classes.
Result<std::vector<std::int32_t>> find_classes(const Dataset& data, const DataRecord& record,
                                               const std::string& file) {
  std::vector<std::int32_t> numbers;
  for (std::int64_t c = 0; c < data.classes; ++c) {
    const bool by_name = !data.class_names.empty() && !record.class_names.empty();
    if (!by_name && c >= record.classes) return unknown_class(file, std::to_string(c), record);
    if (!by_name) {
      numbers.push_back(static_cast<std::int32_t>(c));
      continue;
    }
    const std::string& name = data.class_names[static_cast<std::size_t>(c)];
    const auto found = std::ranges::find(record.class_names, name);
    if (found == record.class_names.end()) return unknown_class(file, name, record);
    numbers.push_back(static_cast<std::int32_t>(found - record.class_names.begin()));
  }
  return numbers;
}

std::string kind_of_table(const std::string& file) {
  for (const char* kind : {"tsv", "npy", "npz"})
    if (file.ends_with(std::string(".") + kind)) return kind;
  return "csv";
}

}  // namespace

Result<Dataset> load_labelled(const DataRequest& trained, const DataRecord& record,
                              const std::vector<std::string>& files, int threads, const Cache& cache) {
  DataRequest request = trained;
  if (known_set(request.kind) != nullptr) request.kind = "idx";
  request.files = files;
  if (request.encoding) request.kind = kind_of_table(files[0]);
  request.held_out = 0;
  Result<Dataset> data = load_dataset(request, threads, cache);
  if (!data) return data.error();
  if (Status status = encode_dataset(*data, {}, Normalization::kNone, request.table.missing, threads);
      !status)
    return status.error();
  if (data->sample_extents != record.sample_extents)
    return Error{fmt::format("`{}` holds samples of {}, but the network takes {}", files[0],
                             fmt::join(data->sample_extents, "x"), fmt::join(record.sample_extents, "x")),
                 {}};
  Result<std::vector<std::int32_t>> classes = find_classes(*data, record, files[0]);
  if (!classes) return classes.error();
  if (data->test.count == 0) data->test = std::move(data->train);
  for (std::int32_t& label : data->test.labels) label = (*classes)[static_cast<std::size_t>(label)];
  data->train = {};
  data->classes = record.classes;
  data->class_names = record.class_names;
  return data;
}

}  // namespace netc::runtime

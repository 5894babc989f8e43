#pragma once
// Loads a table, and makes samples of it: a source may refuse it, but only with a message.

#include "runtime/dataset.h"
#include "tests/fuzz/memory_file.h"

namespace netc::fuzz {

inline void load_table(const runtime::DataRequest& request) {
  using namespace runtime;
  Result<DatasetDescription> description = describe_dataset(request);
  Result<Dataset> data = load_dataset(request, 1);
  require(static_cast<bool>(description) == static_cast<bool>(data));
  if (!data) return require(!data.error().message.empty());
  require(data->train.count == description->train && data->sample_extents == description->sample_extents);
  const Split split = split_samples(data->train.count, data->train.count / 4, 1, data->train.labels);
  const Status status =
      encode_dataset(*data, split.train, Normalization::kStandard, request.table.missing, 1);
  if (!status) return require(!status.error().message.empty());
  const std::size_t value = data->bytes ? 1 : sizeof(float);
  require(data->train.samples.size() ==
          static_cast<std::size_t>(data->train.count * data->train.sample_elements) * value);
  for (std::int32_t label : data->train.labels) require(label >= 0 && label < data->classes);
  if (data->encoding) require(!to_json(*data->encoding).empty());
}

}  // namespace netc::fuzz

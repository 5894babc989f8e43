#include "runtime/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/clock.h"
#include "runtime/data_source.h"
#include "runtime/report.h"
#include "runtime/unpacked.h"

namespace netc::runtime {
namespace {

// `images of 28x28x1`
std::string samples_text(const Dataset& data) {
  const std::vector<std::int64_t>& extents = data.sample_extents;
  if (extents.size() == 3) return fmt::format("images of {}", fmt::join(extents, "x"));
  if (extents.size() == 2) return fmt::format("sequences of {}", fmt::join(extents, "x"));
  return fmt::format("{} of {} {}", data.rows ? "rows" : "samples", extents[0],
                     extents[0] == 1 ? "value" : "values");
}

// `10 classes`, ``target `price` ``
std::string target_text(const Dataset& data) {
  if (data.classes > 0) return fmt::format("{} classes", data.classes);
  return fmt::format("target{} `{}`", data.targets == 1 ? "" : "s", fmt::join(data.target_names, "`, `"));
}

std::string source_text(const std::string& kind, const Dataset& data) {
  std::string test = data.test.count > 0 ? fmt::format(" and {} test", with_commas(data.test.count)) : "";
  return fmt::format("{}: {} training{} {}, {}", kind, with_commas(data.train.count), test,
                     samples_text(data), target_text(data));
}

// The request's source, if it can take the request's files.
Result<const DataSource*> source_of(const DataRequest& request) {
  const DataSource* source = find_data_source(request.kind);
  if (source == nullptr) return Error{fmt::format("there is no data source `{}`", request.kind), {}};
  if (std::ranges::find(source->paths, request.files.size()) != source->paths.end()) return source;
  return Error{
      fmt::format("`data {}` takes {}, but gets {}", source->name, source->takes, request.files.size()),
      {source->example}};
}

}  // namespace

Result<DatasetDescription> describe_dataset(const DataRequest& request) {
  Result<const DataSource*> source = source_of(request);
  if (!source) return source.error();
  return (*source)->describe(request);
}

Result<Dataset> load_dataset(const DataRequest& request, int threads, const Cache& cache,
                             Unpack test_samples) {
  Result<const DataSource*> source = source_of(request);
  if (!source) return source.error();
  Result<Dataset> data = (*source)->load(request, {threads, cache, test_samples});
  if (!data) return data.error();
  data->source = source_text(request.kind, *data);
  data->loaded_at = now_seconds();
  return data;
}

Status unpack_samples(SampleSet& set) {
  if (!set.packed) return Done{};
  Status status = unpack_idx(*set.packed);
  if (status) set.samples = std::move(set.packed->values);
  set.packed.reset();
  return status;
}

void keep_unpacked(const Dataset& data, const Cache& cache) {
  for (const SampleSet* set : {&data.train, &data.test}) {
    if (!set->unpacked_key.empty() && set->samples.size() > 0)
      keep_unpacked(cache, set->unpacked_key, set->samples);
  }
}

}  // namespace netc::runtime

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

std::string source_text(const std::string& kind, const Dataset& data) {
  const std::vector<std::int64_t>& extents = data.sample_extents;
  std::string samples = extents.size() == 3 ? fmt::format("images of {}", fmt::join(extents, "x"))
                                            : fmt::format("samples of {} values", extents[0]);
  std::string test = data.test.count > 0 ? fmt::format(" and {} test", with_commas(data.test.count)) : "";
  return fmt::format("{}: {} training{} {}, {} classes", kind, with_commas(data.train.count), test, samples,
                     data.classes);
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

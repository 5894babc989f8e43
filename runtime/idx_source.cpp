// The sets known by name, and `data idx`.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "runtime/data_source.h"
#include "runtime/idx.h"
#include "runtime/known_sets.h"
#include "runtime/report.h"
#include "runtime/tasks.h"
#include "runtime/unpacked.h"

namespace netc::runtime {
namespace {

// The files of a request: training images and labels, then perhaps test images and labels. `known` is null
// for the user's own.
struct Plan {
  const KnownSet* known = nullptr;
  std::vector<std::string> paths;
};

constexpr std::size_t kTestSamples = 2;
bool is_images(std::size_t index) { return index % 2 == 0; }
bool is_packed(const IdxFile& file) { return file.values.size() == 0; }

Result<Plan> plan_for(const DataRequest& request) {
  if (const KnownSet* known = known_set(request.kind)) {
    Result<std::vector<std::string>> paths = locate(*known, request.search);
    if (!paths) return paths.error();
    return Plan{known, std::move(*paths)};
  }
  return Plan{nullptr, request.files};
}

std::string extents_text(const std::vector<std::int64_t>& extents) {
  return fmt::format("{}", fmt::join(extents, "x"));
}

Status test_rank(const std::string& path, const IdxHeader& header, bool images) {
  std::size_t rank = header.extents.size();
  if (images && rank < 2)
    return Error{fmt::format("`{}` has 1 extent, expected samples with 2 to 4; are these the labels?", path),
                 {}};
  if (!images && rank != 1)
    return Error{
        fmt::format("`{}` has {} extents, expected labels with 1; are these the images?", path, rank), {}};
  return Done{};
}

Status test_headers(const std::vector<std::string>& paths, const std::vector<IdxHeader>& headers) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (Status status = test_rank(paths[i], headers[i], is_images(i)); !status) return status;
  }
  for (std::size_t i = 0; i < paths.size(); i += 2) {
    std::int64_t samples = headers[i].extents[0], labels = headers[i + 1].extents[0];
    if (samples == labels) continue;
    return Error{fmt::format("`{}` has {} samples, but `{}` has {} labels", paths[i], with_commas(samples),
                             paths[i + 1], with_commas(labels)),
                 {}};
  }
  if (paths.size() == 4 && sample_extents(headers[0]) != sample_extents(headers[2])) {
    return Error{fmt::format("the test samples in `{}` are {}, but the training samples in `{}` are {}",
                             paths[2], extents_text(sample_extents(headers[2])), paths[0],
                             extents_text(sample_extents(headers[0]))),
                 {}};
  }
  return Done{};
}

// What a file is proved to be by the time that it is kept.
std::string proof(const Plan& plan, std::size_t index) {
  return plan.known ? plan.known->files[index].hash : "";
}

// The files as they are, or unpacked, if the cache has them. Labels are unpacked in no time.
Result<std::vector<IdxFile>> read_files(const Plan& plan, const Cache& cache) {
  std::vector<IdxFile> files;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    std::optional<IdxFile> found;
    if (is_images(i)) found = find_unpacked(cache, plan.paths[i], proof(plan, i));
    Result<IdxFile> file = found ? Result<IdxFile>(std::move(*found)) : read_idx(plan.paths[i]);
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  return files;
}

// Unpacks and, for a known set, proves the files genuine. The packed bytes are hashed beside the unpacking:
// they are fewer. With `kLater`, test samples that these prove stay packed.
Status unpack_and_test(const KnownSet* known, std::vector<IdxFile>& files, int threads, Unpack test_samples) {
  std::vector<Status> statuses(files.size(), Status(Done{}));
  std::vector<std::uint8_t> genuine;
  for (const IdxFile& file : files) genuine.push_back(!known || file.proved);
  std::vector<std::function<void()>> tasks;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!known || i != kTestSamples || test_samples == Unpack::kNow)
      tasks.push_back([&, i] { statuses[i] = unpack_idx(files[i]); });
    if (!genuine[i]) tasks.push_back([&, i] { genuine[i] = packed_is_genuine(known->files[i], files[i]); });
  }
  run_tasks(tasks.size(), threads, [&](std::size_t i) { tasks[i](); });
  tasks.clear();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!statuses[i] || genuine[i]) continue;
    tasks.push_back([&, i] {
      if (is_packed(files[i])) statuses[i] = unpack_idx(files[i]);
      if (statuses[i]) statuses[i] = test_unpacked(*known, known->files[i], files[i]);
    });
  }
  run_tasks(tasks.size(), threads, [&](std::size_t i) { tasks[i](); });
  for (const Status& status : statuses)
    if (!status) return status;
  return Done{};
}

std::int64_t largest_label(const IdxFile& file) {
  return *std::max_element(file.values.data(), file.values.data() + file.values.size());
}

Status test_labels(const IdxFile& file, std::int64_t classes) {
  for (std::size_t i = 0; i < file.values.size(); ++i) {
    if (file.values.data()[i] < classes) continue;
    return Error{fmt::format("label {} in `{}` is {}, expected 0 to {}: there are {} classes",
                             with_commas(static_cast<std::int64_t>(i) + 1), file.path, file.values.data()[i],
                             classes - 1, classes),
                 {}};
  }
  return Done{};
}

SampleSet sample_set(const Plan& plan, std::vector<IdxFile>& files, std::size_t index) {
  IdxFile& images = files[index];
  const IdxFile& labels = files[index + 1];
  SampleSet set;
  set.count = images.header.extents[0];
  set.sample_elements = static_cast<std::int64_t>(images.header.values()) / set.count;
  set.labels.assign(labels.values.data(), labels.values.data() + labels.values.size());
  set.unpacked_key = unpacked_key(images.identity, proof(plan, index));
  if (is_packed(images)) set.packed = std::move(images);
  else set.samples = std::move(images.values);
  return set;
}

Result<std::int64_t> count_classes(const Plan& plan, std::vector<IdxFile>& files) {
  std::int64_t classes = plan.known ? plan.known->classes : largest_label(files[1]) + 1;
  for (std::size_t i = 1; i < files.size(); i += 2) {
    if (Status status = test_labels(files[i], classes); !status) return status.error();
  }
  return classes;
}

}  // namespace

Result<DatasetDescription> describe_idx(const DataRequest& request) {
  Result<Plan> plan = plan_for(request);
  if (!plan) return plan.error();
  std::vector<IdxHeader> headers;
  for (const std::string& path : plan->paths) {
    Result<IdxHeader> header = read_idx_header(path);
    if (!header) return header.error();
    headers.push_back(std::move(*header));
  }
  if (Status status = test_headers(plan->paths, headers); !status) return status.error();
  DatasetDescription description;
  description.sample_extents = sample_extents(headers[0]);
  description.train = headers[0].extents[0];
  if (headers.size() == 4) description.test = headers[2].extents[0];
  if (plan->known) {
    description.classes = plan->known->classes;
    return description;
  }
  Result<IdxFile> labels = read_idx(plan->paths[1]);
  if (!labels) return labels.error();
  if (Status status = unpack_idx(*labels); !status) return status.error();
  description.classes = largest_label(*labels) + 1;
  return description;
}

Result<Dataset> load_idx(const DataRequest& request, const LoadOptions& options) {
  Result<Plan> plan = plan_for(request);
  if (!plan) return plan.error();
  Result<std::vector<IdxFile>> files = read_files(*plan, options.cache);
  if (!files) return files.error();
  std::vector<IdxHeader> headers;
  for (const IdxFile& file : *files) headers.push_back(file.header);
  if (Status status = test_headers(plan->paths, headers); !status) return status.error();
  if (Status status = unpack_and_test(plan->known, *files, options.threads, options.test_samples); !status)
    return status.error();
  Result<std::int64_t> classes = count_classes(*plan, *files);
  if (!classes) return classes.error();
  Dataset data;
  data.sample_extents = sample_extents(headers[0]);
  data.classes = *classes;
  if (plan->known) data.class_names = plan->known->class_names;
  data.train = sample_set(*plan, *files, 0);
  if (files->size() == 4) data.test = sample_set(*plan, *files, 2);
  return data;
}

}  // namespace netc::runtime

// `data images`: folders of PNG and JPEG files.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "runtime/data_source.h"
#include "runtime/files.h"
#include "runtime/image_folder.h"
#include "runtime/image_form.h"
#include "runtime/philox.h"
#include "runtime/report.h"
#include "runtime/tasks.h"
#include "runtime/unpacked.h"

namespace netc::runtime {
namespace {

struct Folders {
  ImageFolder train;
  std::optional<ImageFolder> test;
  ImageForm form;
};

// A test folder may lack classes, and has no others.
Status match_classes(const DataRequest& request, const ImageFolder& train, ImageFolder& test) {
  std::vector<std::int32_t> labels;
  for (const std::string& name : test.classes) {
    const auto place = std::ranges::lower_bound(train.classes, name);
    if (place == train.classes.end() || *place != name)
      return Error{fmt::format("`{}` has the class `{}`, which `{}` has not", request.files[1], name,
                               request.files[0]),
                   {}};
    labels.push_back(static_cast<std::int32_t>(place - train.classes.begin()));
  }
  for (ImageFile& file : test.files) file.label = labels[static_cast<std::size_t>(file.label)];
  return Done{};
}

Result<ImageForm> form_of(const ImageSettings& settings, const std::string& first) {
  ImageForm form{settings.height,     settings.width,        settings.channels,
                 settings.height > 0, settings.channels > 0, fmt::format("`{}`", first)};
  if (form.fit && form.convert) return form;
  Result<std::vector<std::uint8_t>> file = read_image_file(first);
  if (!file) return file.error();
  Result<ImageHeader> header = parse_image_header(*file, first);
  if (!header) return header.error();
  if (!form.fit) {
    form.height = header->height;
    form.width = header->width;
  }
  if (!form.convert) form.channels = header->channels;
  return form;
}

Result<Folders> find_folders(const DataRequest& request) {
  Result<ImageFolder> train = list_image_folder(request.files[0]);
  if (!train) return train.error();
  Folders folders{std::move(*train), {}, {}};
  if (request.files.size() == 2) {
    Result<ImageFolder> test = list_image_folder(request.files[1]);
    if (!test) return test.error();
    if (Status status = match_classes(request, folders.train, *test); !status) return status.error();
    folders.test = std::move(*test);
  }
  Result<ImageForm> form = form_of(request.images, folders.train.files[0].path);
  if (!form) return form.error();
  folders.form = std::move(*form);
  return folders;
}

// Classes are mixed, in an order that is always the same: the first so many samples are a fair choice.
void mix(std::vector<ImageFile>& files) {
  std::vector<std::int32_t> order(files.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle_epoch(order, stream_of("images/order"), 0);
  std::vector<ImageFile> mixed;
  for (std::int32_t place : order) mixed.push_back(std::move(files[static_cast<std::size_t>(place)]));
  files = std::move(mixed);
}

// Training and test files in their order; those that are held out come from the front.
struct Parts {
  std::vector<ImageFile> train, test;
};

Parts divide(Folders& folders, std::int64_t held_out) {
  Parts parts{std::move(folders.train.files), {}};
  mix(parts.train);
  if (folders.test) {
    parts.test = std::move(folders.test->files);
    mix(parts.test);
    return parts;
  }
  const auto cut = parts.train.begin() + held_out;
  parts.test.assign(parts.train.begin(), cut);
  parts.train.erase(parts.train.begin(), cut);
  return parts;
}

Status load_image(const std::string& path, const ImageForm& form, std::span<std::uint8_t> out) {
  Result<std::vector<std::uint8_t>> file = read_image_file(path);
  return file ? decode_sample(*file, path, form, out) : file.error();
}

// Of all images that cannot be used, the first by name is explained and some are named.
class Faults {
 public:
  void add(const std::string& path, Error error) {
    const std::lock_guard lock(mutex_);
    errors_.emplace(path, std::move(error));
  }
  std::optional<Error> summary() const {
    if (errors_.empty()) return std::nullopt;
    constexpr std::size_t kNamed = 3;
    const std::size_t others = errors_.size() - 1;
    Error error = errors_.begin()->second;
    std::vector<std::string> named;
    for (auto fault = std::next(errors_.begin()); fault != errors_.end() && named.size() < kNamed; ++fault)
      named.push_back("`" + fault->first + "`");
    if (others > 0)
      error.hints.push_back(fmt::format("{} more cannot be used: {}{}",
                                        with_commas(static_cast<std::int64_t>(others)),
                                        fmt::join(named, ", "), others > kNamed ? ", ..." : ""));
    return error;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Error> errors_;
};

// Empty where a file's contents are not certain, or nothing is kept.
std::string key_of(const std::vector<ImageFile>& files, const ImageForm& form, const Cache& cache) {
  if (!cache.keeps()) return "";
  std::string key =
      fmt::format("images\n{}x{}x{} {} {}\n", form.height, form.width, form.channels, form.fit, form.convert);
  for (const ImageFile& file : files) {
    Result<InputFile> opened = InputFile::open(file.path, "an image");
    if (!opened || opened->identity().empty()) return "";
    key += opened->identity() + "\n";
  }
  return key;
}

Result<SampleSet> load_part(const std::vector<ImageFile>& files, const ImageForm& form,
                            const LoadOptions& options) {
  SampleSet set;
  set.count = static_cast<std::int64_t>(files.size());
  set.sample_elements = form.values();
  for (const ImageFile& file : files) set.labels.push_back(file.label);
  const auto sample = static_cast<std::size_t>(form.values());
  std::string key = key_of(files, form, options.cache);
  if (std::optional<Bytes> kept = find_kept(options.cache, key, sample * files.size())) {
    set.samples = std::move(*kept);
    return set;
  }
  set.unpacked_key = std::move(key);
  set.samples = Bytes(sample * files.size());
  Faults faults;
  run_tasks(files.size(), options.threads, [&](std::size_t i) {
    Status status = load_image(files[i].path, form, {set.samples.data() + i * sample, sample});
    if (!status) faults.add(files[i].path, status.error());
  });
  if (std::optional<Error> error = faults.summary()) return *error;
  return set;
}

// Whether all images, decoded, fit into the machine.
Status test_memory(const Folders& folders) {
  const std::size_t count = folders.train.files.size() + (folders.test ? folders.test->files.size() : 0);
  const double wanted = static_cast<double>(count) * static_cast<double>(folders.form.values());
  const double there =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (wanted <= there) return Done{};
  return Error{
      fmt::format("{} images of {}x{}x{} take {:.1f} GB, more than the machine's memory of {:.1f} GB",
                  with_commas(static_cast<std::int64_t>(count)), folders.form.height, folders.form.width,
                  folders.form.channels, wanted * 1e-9, there * 1e-9),
      {"choose a smaller `size=`"}};
}

}  // namespace

Result<DatasetDescription> describe_images(const DataRequest& request) {
  Result<Folders> folders = find_folders(request);
  if (!folders) return folders.error();
  const ImageForm& form = folders->form;
  DatasetDescription description;
  description.sample_extents = {form.height, form.width, form.channels};
  description.classes = static_cast<std::int64_t>(folders->train.classes.size());
  description.train = static_cast<std::int64_t>(folders->train.files.size());
  description.holds_out = !folders->test;
  if (folders->test) description.test = static_cast<std::int64_t>(folders->test->files.size());
  return description;
}

Result<Dataset> load_images(const DataRequest& request, const LoadOptions& options) {
  Result<Folders> folders = find_folders(request);
  if (!folders) return folders.error();
  if (Status status = test_memory(*folders); !status) return status.error();
  const ImageForm form = folders->form;
  const Parts parts = divide(*folders, request.held_out);
  Dataset data;
  data.sample_extents = {form.height, form.width, form.channels};
  data.classes = static_cast<std::int64_t>(folders->train.classes.size());
  data.class_names = std::move(folders->train.classes);
  Result<SampleSet> train = load_part(parts.train, form, options);
  if (!train) return train.error();
  Result<SampleSet> test = load_part(parts.test, form, options);
  if (!test) return test.error();
  data.train = std::move(*train);
  data.test = std::move(*test);
  return data;
}

}  // namespace netc::runtime

#include "runtime/image_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "runtime/files.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFewestClasses = 2;

// What systems leave in folders of images.
bool is_ignored(const std::string& name) {
  return name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini";
}

struct Entry {
  std::string name;
  bool folder = false;
};

// Sorted by name.
Result<std::vector<Entry>> entries_of(const std::string& path) {
  std::vector<Entry> entries;
  std::error_code fault;
  fs::directory_iterator place(path, fault);
  for (; !fault && place != fs::directory_iterator(); place.increment(fault)) {
    Entry entry{place->path().filename().string(), false};
    if (is_ignored(entry.name)) continue;
    std::error_code unknown;
    const fs::file_status status = place->status(unknown);
    if (!fs::status_known(status)) return cannot_read(place->path().string(), unknown.value());
    entry.folder = fs::is_directory(status);
    entries.push_back(std::move(entry));
  }
  if (fault) return cannot_read(path, fault.value());
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Error too_few_classes(const std::string& path, const std::vector<std::string>& classes, bool has_files) {
  const std::string found = classes.empty() ? "no folder" : fmt::format("one folder, `{}`", classes[0]);
  return Error{
      fmt::format("`{}` has {}, expected one for each of at least {} classes", path, found, kFewestClasses),
      {has_files ? "put the images of each class into a folder of its own"
                 : "each class has a folder of its own, with its images"}};
}

Status add_class(const std::string& path, const std::string& name, ImageFolder& folder) {
  const std::string place = path + "/" + name;
  Result<std::vector<Entry>> entries = entries_of(place);
  if (!entries) return entries.error();
  if (entries->empty())
    return Error{fmt::format("`{}` holds no image", place),
                 {"each folder is a class: remove those that are none"}};
  const auto label = static_cast<std::int32_t>(folder.classes.size());
  for (Entry& entry : *entries) {
    if (entry.folder)
      return Error{
          fmt::format("`{}/{}` is a folder, expected an image of the class `{}`", place, entry.name, name),
          {}};
    folder.files.push_back({place + "/" + entry.name, label});
  }
  folder.classes.push_back(name);
  return Done{};
}

}  // namespace

Result<ImageFolder> list_image_folder(const std::string& path) {
  Result<std::vector<Entry>> entries = entries_of(path);
  if (!entries) return entries.error();
  const bool has_files = std::ranges::any_of(*entries, [](const Entry& entry) { return !entry.folder; });
  std::vector<std::string> classes;
  for (const Entry& entry : *entries)
    if (entry.folder) classes.push_back(entry.name);
  if (classes.size() < kFewestClasses) return too_few_classes(path, classes, has_files);
  ImageFolder folder;
  for (const std::string& name : classes)
    if (Status status = add_class(path, name, folder); !status) return status.error();
  return folder;
}

}  // namespace netc::runtime

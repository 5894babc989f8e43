#include "runtime/known_sets.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

std::vector<KnownSet> make_sets() {
  return {
      {"mnist",
       "MNIST",
       HashKind::kSha256,
       {{{"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
          "7aacb2013e847fccaa3d8d98a78ec758"},
         {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
          "1fa564788e2166cd7e87c93a89c757cd"},
         {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
          "d4b9f01ea9612756eddf3337b968ed8d"},
         {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
          "c8e40352fbf416677cfa649c5c5807c5"}}},
       {28, 28, 1},
       60000,
       10000,
       10,
       {},
       "",
       "netc's own folder examples/data/mnist holds the four files"},
      {"fashion_mnist",
       "Fashion-MNIST",
       HashKind::kMd5,
       {{{"train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a", "b400e059040c764e0f525c43a2e906d3"},
         {"train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9", "52202c516aeeda56f338309ca07c7807"},
         {"t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a", "68143dfaf0c9fe805acc4a4ac1fef547"},
         {"t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965", "469a9828a6e199112aed4d6b5f4d274a"}}},
       {28, 28, 1},
       60000,
       10000,
       10,
       {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "ankle boot"},
       "/usr/share/datasets/fashion-mnist",
       "on Debian: `apt install dataset-fashion-mnist`; elsewhere, put its four files into "
       "`data/fashion_mnist` beside the program"},
  };
}

// A file of a known set under one of its usual names, or empty.
std::string path_in(const std::string& folder, const std::string& name) {
  std::string dotted = name;
  dotted[name.rfind("-idx")] = '.';
  std::string found;
  for (const std::string& candidate : {name, name + ".gz", dotted, dotted + ".gz"}) {
    fs::path path = fs::path(folder) / candidate;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return path.string();
    // Anything else of that name is taken up too, so that reading it says what is wrong with it.
    if (found.empty() && fs::exists(path, ignored)) found = path.string();
  }
  return found;
}

std::optional<std::vector<std::string>> paths_in(const KnownSet& set, const std::string& folder) {
  std::vector<std::string> paths;
  for (const KnownFile& file : set.files) {
    std::string path = path_in(folder, file.name);
    if (path.empty()) return std::nullopt;
    paths.push_back(path);
  }
  return paths;
}

// Sets share their files' names: the smallest file, the test labels, tells them apart.
bool holds(const KnownSet& set, const std::vector<std::string>& paths) {
  Result<IdxFile> labels = read_idx(paths[3]);
  if (!labels) return false;
  const KnownFile& known = set.files[3];
  return packed_is_genuine(known, *labels) || (unpack_idx(*labels) && test_unpacked(set, known, *labels));
}

}  // namespace

const std::vector<KnownSet>& known_sets() {
  static const std::vector<KnownSet> sets = make_sets();
  return sets;
}

const KnownSet* known_set(std::string_view name) {
  for (const KnownSet& set : known_sets())
    if (set.name == name) return &set;
  return nullptr;
}

Result<std::vector<std::string>> locate(const KnownSet& set, const std::vector<std::string>& folders) {
  std::vector<std::string> places = folders;
  if (!set.system_folder.empty()) places.push_back(set.system_folder);
  std::optional<std::vector<std::string>> doubtful;
  for (const std::string& folder : places) {
    std::optional<std::vector<std::string>> paths = paths_in(set, folder);
    if (paths && holds(set, *paths)) return *paths;
    if (paths && !doubtful) doubtful = paths;
  }
  if (doubtful) return *doubtful;
  std::string looked = places.empty() ? "nowhere" : fmt::format("in `{}`", fmt::join(places, "`, `"));
  return Error{
      fmt::format("cannot find the data set `{}`: looked for {} and its three companions (plain or .gz) {}",
                  set.name, set.files[0].name, looked),
      {set.hint}};
}

bool packed_is_genuine(const KnownFile& known, const IdxFile& file) {
  return file.packed.size() > 0 && digits(fingerprint_of(file.packed.whole())) == known.packed_xxh3;
}

Status test_unpacked(const KnownSet& set, const KnownFile& known, const IdxFile& file) {
  std::string hash = hash_of(set.hash_kind, file.values.whole());
  if (hash == known.hash) return Done{};
  return Error{fmt::format("`{}` is not {}'s {}: its {}{} is {}, expected {}", file.path, set.title,
                           known.name, set.hash_kind == HashKind::kSha256 ? "SHA-256" : "MD5",
                           file.packed.size() > 0 ? " (unpacked)" : "", hash, known.hash),
               {set.hint, "for other files of this form there is `data idx`"}};
}

}  // namespace netc::runtime

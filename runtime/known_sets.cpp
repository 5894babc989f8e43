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
          "0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971"},
         {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
          "1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203"},
         {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
          "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be"},
         {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
          "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b"}}},
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
       {{{"train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a",
          "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"},
         {"train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9",
          "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"},
         {"t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a",
          "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"},
         {"t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965",
          "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"}}},
       {28, 28, 1},
       60000,
       10000,
       10,
       {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "ankle boot"},
       "/usr/share/datasets/fashion-mnist",
       "on Debian: `apt install dataset-fashion-mnist`"},
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
  return file.packed.size() > 0 && hash_of(HashKind::kSha256, file.packed.whole()) == known.packed_sha256;
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

#pragma once
// The sets known by name: what their files are called, where they may lie, and the hashes that prove them
// genuine.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/hash.h"
#include "runtime/idx.h"
#include "runtime/result.h"

namespace netc::runtime {

struct KnownFile {
  const char* name;
  const char* hash;         // of the unpacked file
  const char* packed_xxh3;  // of the .gz in wide use: a short cut; another packer's file is as good
};

struct KnownSet {
  const char* name;   // `fashion_mnist`
  const char* title;  // `Fashion-MNIST`
  HashKind hash_kind;
  std::array<KnownFile, 4> files;  // training images and labels, test images and labels
  std::vector<std::int64_t> sample_extents;
  std::int64_t train, test;  // samples
  std::int64_t classes;
  std::vector<std::string> class_names;
  std::string system_folder;  // where a Debian package puts it, or empty
  std::string hint;           // how to get it
};

const std::vector<KnownSet>& known_sets();
const KnownSet* known_set(std::string_view name);

// The paths of the four files, all from the first of the folders that holds them.
Result<std::vector<std::string>> locate(const KnownSet& set, const std::vector<std::string>& folders);

// The two proofs that a file is genuine; one is enough. The first needs the packed bytes alone.
bool packed_is_genuine(const KnownFile& known, const IdxFile& file);
Status test_unpacked(const KnownSet& set, const KnownFile& known, const IdxFile& file);

}  // namespace netc::runtime

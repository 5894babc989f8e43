#pragma once
// Samples that were unpacked from gzip, in the cache: the next run maps them, without reading the packed
// file.

#include <optional>
#include <string>

#include "runtime/cache.h"
#include "runtime/idx.h"

namespace netc::runtime {

// What an unpacked file is kept under. `proof`: the hash that it was proved to have, or empty: a file that
// was kept without a proof is not found with one. Empty, too, if `identity` is.
std::string unpacked_key(const std::string& identity, const std::string& proof);

// The file at `path`, if it is a gzip file that was unpacked and kept, and has not changed since.
std::optional<IdxFile> find_unpacked(const Cache& cache, const std::string& path, const std::string& proof);
void keep_unpacked(const Cache& cache, const std::string& key, const Bytes& values);

}  // namespace netc::runtime

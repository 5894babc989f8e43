#pragma once
// Samples that were unpacked from gzip, or decoded from images, in the cache: the next run maps them, without
// reading the files.

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
// The `size` values that were kept under the key. An empty key finds nothing.
std::optional<Bytes> find_kept(const Cache& cache, const std::string& key, std::size_t size);
void keep_unpacked(const Cache& cache, const std::string& key, const Bytes& values);

}  // namespace netc::runtime

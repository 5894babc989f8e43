#pragma once
// gzip files, by content and within bounds.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace netc::runtime {

// Deflate cannot shrink by more than this: a file's own size bounds what it may unpack to.
constexpr std::uint64_t kDeflateMaxRatio = 1032;

bool is_gzip(std::span<const std::uint8_t> start);

// The first bytes that a gzip file unpacks to, at least `wanted` (up to 64 kB) unless it holds fewer.
// `packed` is the file or its beginning.
Result<std::vector<std::uint8_t>> unpack_start(std::span<const std::uint8_t> packed, std::size_t wanted,
                                               const std::string& path);

// Unpacks the whole file into `out`, which it has to fill exactly; its checksum is tested.
Status unpack(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out, const std::string& path);

}  // namespace netc::runtime

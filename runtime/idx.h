#pragma once
// idx files: the bytes 0 0 TYPE RANK, an extent each as big-endian u32, then the values, last index fastest.
// Here TYPE is 0x08, unsigned bytes.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace netc::runtime {

struct IdxHeader {
  std::vector<std::int64_t> extents;

  std::size_t bytes() const { return 4 + 4 * extents.size(); }
  std::size_t values() const;
};

// A file that was read and whose size fits its header. gzip is known by its content, not by its name.
struct IdxFile {
  std::string path;
  IdxHeader header;
  Bytes packed;          // gzip: the file as it is; else empty
  Bytes values;          // the values, the header in front; empty while packed
  std::string identity;  // gzip: InputFile::identity
  bool proved = false;   // was kept only after its hash was tested
};

// Of one: [N, H, W] -> 28x28x1, [N, H, W, C] -> 28x28x3, [N, F] -> 13. The rank is 2 or more.
std::vector<std::int64_t> sample_extents(const IdxHeader& samples);

// The header alone: `start` is the beginning of a file that is not packed.
Result<IdxHeader> parse_idx_header(std::span<const std::uint8_t> start, const std::string& path);
// From the beginning of a file, packed or not; also tests the file's size as far as it can without unpacking
// it.
Result<IdxHeader> read_idx_header(const std::string& path);
Result<IdxFile> read_idx(const std::string& path);
// Unpacks `file` if it is packed; `packed` is kept.
Status unpack_idx(IdxFile& file);

}  // namespace netc::runtime

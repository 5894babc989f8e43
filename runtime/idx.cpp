#include "runtime/idx.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/files.h"
#include "runtime/gzip.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kMaxRank = 4;
constexpr std::size_t kMaxHeader = 4 + 4 * kMaxRank;
// Enough of a packed file to unpack its header from.
constexpr std::size_t kPackedStart = std::size_t{1} << 18;
// Samples are counted in 32 bits, and a product of extents stays far from overflow.
constexpr std::int64_t kMaxValues = std::int64_t{1} << 40;

std::string commas(std::size_t value) { return with_commas(static_cast<std::int64_t>(value)); }

std::string type_name(std::uint8_t type) {
  switch (type) {
    case 0x09: return "signed bytes";
    case 0x0B: return "16-bit integers";
    case 0x0C: return "32-bit integers";
    case 0x0D: return "32-bit floats";
    case 0x0E: return "64-bit floats";
  }
  return "an unknown type";
}

Error wrong_magic(std::span<const std::uint8_t> start, const std::string& path) {
  return Error{fmt::format("`{}` is not an idx file: it starts with {:02x} {:02x} {:02x} {:02x}, expected 00 "
                           "00 08 and the number of extents",
                           path, start[0], start[1], start[2], start[3]),
               {}};
}

std::string extents_text(const IdxHeader& header) {
  return fmt::format("{}", fmt::join(header.extents, "x"));
}

// `size` is that of the file itself, packed or not.
Status test_size(const IdxHeader& header, bool packed, std::size_t size, const std::string& path) {
  std::size_t whole = header.bytes() + header.values();
  if (packed && whole > size * kDeflateMaxRatio) {
    return Error{
        fmt::format(
            "`{}` is damaged: its header says {} ({} bytes), more than its {} bytes of gzip data can hold",
            path, extents_text(header), commas(whole), commas(size)),
        {}};
  }
  if (!packed && whole != size) {
    return Error{fmt::format("`{}` is {}: its header says {}, so {} bytes are expected, but it has {}", path,
                             size < whole ? "truncated" : "too long", extents_text(header), commas(whole),
                             commas(size)),
                 {}};
  }
  return Done{};
}

struct Start {
  IdxHeader header;
  bool packed = false;
};

Result<Start> read_start(const InputFile& file) {
  std::vector<std::uint8_t> start(std::min(file.size(), kMaxHeader));
  if (Status status = file.read(start, 0); !status) return status.error();
  bool packed = is_gzip(start);
  if (packed) {
    std::vector<std::uint8_t> beginning(std::min(file.size(), kPackedStart));
    if (Status status = file.read(beginning, 0); !status) return status.error();
    Result<std::vector<std::uint8_t>> unpacked = unpack_start(beginning, kMaxHeader, file.path());
    if (!unpacked) return unpacked.error();
    start = std::move(*unpacked);
  }
  Result<IdxHeader> header = parse_idx_header(start, file.path());
  if (!header) return header.error();
  if (Status status = test_size(*header, packed, file.size(), file.path()); !status) return status.error();
  return Start{std::move(*header), packed};
}

}  // namespace

std::size_t IdxHeader::values() const {
  std::size_t product = 1;
  for (std::int64_t extent : extents) product *= static_cast<std::size_t>(extent);
  return product;
}

std::vector<std::int64_t> sample_extents(const IdxHeader& samples) {
  std::vector<std::int64_t> extents;
  for (std::size_t i = 1; i < samples.extents.size(); ++i) extents.push_back(samples.extents[i]);
  if (extents.size() == 2) extents.push_back(1);
  return extents;
}

Result<IdxHeader> parse_idx_header(std::span<const std::uint8_t> start, const std::string& path) {
  if (start.empty()) return Error{fmt::format("`{}` is empty, expected an idx file", path), {}};
  if (start.size() < 4)
    return Error{
        fmt::format("`{}` is truncated: it has {} bytes, an idx header has at least 8", path, start.size()),
        {}};
  if (start[0] != 0 || start[1] != 0) return wrong_magic(start, path);
  if (start[2] != kUnsignedByte) {
    if (start[2] < kUnsignedByte || start[2] > 0x0E) return wrong_magic(start, path);
    return Error{fmt::format("`{}` holds values of idx type 0x{:02X} ({}), expected 0x08 (unsigned bytes)",
                             path, start[2], type_name(start[2])),
                 {"no other type of idx can be read yet"}};
  }
  std::size_t rank = start[3];
  if (rank < 1 || rank > kMaxRank)
    return Error{fmt::format("`{}` has {} extents, expected 1 to {}", path, rank, kMaxRank), {}};
  if (start.size() < 4 + 4 * rank) {
    return Error{fmt::format("`{}` is truncated: it has {} bytes, its header alone has {}", path,
                             start.size(), 4 + 4 * rank),
                 {}};
  }
  IdxHeader header;
  std::int64_t values = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::uint8_t* p = &start[4 + 4 * i];
    std::int64_t extent =
        std::int64_t{p[0]} << 24 | std::int64_t{p[1]} << 16 | std::int64_t{p[2]} << 8 | std::int64_t{p[3]};
    header.extents.push_back(extent);
    if (extent == 0)
      return Error{fmt::format("`{}` holds nothing: extent {} of its header is 0", path, i + 1), {}};
    if (extent > INT32_MAX || values > kMaxValues / extent)
      return Error{fmt::format("`{}` is too large: its header says {} values or more", path,
                               commas(static_cast<std::size_t>(extent))),
                   {}};
    values *= extent;
  }
  return header;
}

Result<IdxHeader> read_idx_header(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "an idx file");
  if (!file) return file.error();
  Result<Start> start = read_start(*file);
  if (!start) return start.error();
  return std::move(start->header);
}

Result<IdxFile> read_idx(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "an idx file");
  if (!file) return file.error();
  Result<Start> start = read_start(*file);
  if (!start) return start.error();
  IdxFile idx{path, std::move(start->header), {}, {}, {}, false};
  if (start->packed) {
    idx.identity = file->identity();
    idx.packed = Bytes(file->size());
  } else {
    idx.values = Bytes(idx.header.values(), idx.header.bytes());
  }
  Status status = file->read(start->packed ? idx.packed.whole() : idx.values.whole(), 0);
  if (!status) return status.error();
  return idx;
}

Status unpack_idx(IdxFile& file) {
  if (file.packed.size() == 0) return Done{};
  file.values = Bytes(file.header.values(), file.header.bytes());
  return unpack(file.packed.whole(), file.values.whole(), file.path);
}

}  // namespace netc::runtime

#include "runtime/gzip.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "runtime/report.h"

namespace netc::runtime {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* p) const { libdeflate_free_decompressor(p); }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

// A block that does not fit is refused as a whole, and a stored block has up to 64 kB: of twice as much, the
// first half is always written.
constexpr std::size_t kStart = std::size_t{1} << 16;

Error damaged(const std::string& path) {
  return Error{
      fmt::format("`{}` is damaged: its gzip data is truncated or does not match its checksum", path),
      {"get the file again"}};
}

std::string bytes_of(std::size_t size) { return with_commas(static_cast<std::int64_t>(size)); }

}  // namespace

bool is_gzip(std::span<const std::uint8_t> start) {
  return start.size() >= 2 && start[0] == 0x1f && start[1] == 0x8b;
}

Result<std::vector<std::uint8_t>> unpack_start(std::span<const std::uint8_t> packed, std::size_t wanted,
                                               const std::string& path) {
  Decompressor decompressor(libdeflate_alloc_decompressor());
  std::vector<std::uint8_t> out(2 * kStart);
  std::size_t size = 0;
  libdeflate_result result = libdeflate_gzip_decompress(decompressor.get(), packed.data(), packed.size(),
                                                        out.data(), out.size(), &size);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE) size = std::min(wanted, kStart);
  else if (result != LIBDEFLATE_SUCCESS) return damaged(path);
  out.resize(size);
  return out;
}

Status unpack(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out, const std::string& path) {
  Decompressor decompressor(libdeflate_alloc_decompressor());
  std::size_t used = 0, size = 0;
  libdeflate_result result = libdeflate_gzip_decompress_ex(decompressor.get(), packed.data(), packed.size(),
                                                           out.data(), out.size(), &used, &size);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
    return Error{fmt::format("`{}` unpacks to more bytes than its header says, expected {}", path,
                             bytes_of(out.size())),
                 {}};
  if (result != LIBDEFLATE_SUCCESS) return damaged(path);
  if (size != out.size()) {
    return Error{fmt::format("`{}` unpacks to {} bytes, expected {} by its header", path, bytes_of(size),
                             bytes_of(out.size())),
                 {}};
  }
  if (used != packed.size())
    return Error{fmt::format("`{}` has {} bytes behind its gzip data, expected none", path,
                             bytes_of(packed.size() - used)),
                 {}};
  return Done{};
}

}  // namespace netc::runtime

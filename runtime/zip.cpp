#include "runtime/zip.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "runtime/files.h"
#include "runtime/gzip.h"
#include "runtime/memory_limit.h"

namespace netc::runtime {
namespace {

constexpr std::uint32_t kLocalMark = 0x04034b50, kEntryMark = 0x02014b50, kEndMark = 0x06054b50,
                        kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50;
constexpr std::size_t kLocalSize = 30, kEntrySize = 46, kEndSize = 22, kLocator64Size = 20, kEnd64Size = 56;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kZip64 = 1;  // an extra field
constexpr std::uint32_t kIn64 = 0xffffffff;
enum Method : std::uint16_t { kStored = 0, kDeflated = 8 };

// A file's directory entry.
struct Entry {
  std::string name;
  std::uint16_t flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0, offset = 0;
};

class Archive {
 public:
  Archive(std::string path, Bytes bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {}

  Result<std::vector<ZipEntry>> read() {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> directory = find_directory();
    if (!directory) return damaged("it has no directory");
    std::vector<ZipEntry> files;
    double all = 0;
    auto [offset, count] = *directory;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::optional<Entry> entry = read_entry(offset);
      if (!entry) return damaged("its directory is cut off");
      all += static_cast<double>(entry->size);
      if (Status status = test_memory(path_, all); !status) return status.error();
      Result<Bytes> bytes = unpack(*entry);
      if (!bytes) return bytes.error();
      files.push_back({std::move(entry->name), std::move(*bytes)});
    }
    return files;
  }

 private:
  Error damaged(const std::string& what) const {
    return {fmt::format("`{}` is not a whole zip archive: {}", path_, what), {}};
  }

  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return size <= bytes_.size() && offset <= bytes_.size() - size;
  }
  // Little-endian; the bytes have to be there.
  template <typename T>
  T number(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  // Where the directory begins, and how many entries it has. The end's mark is looked for from behind.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> find_directory() const {
    if (bytes_.size() < kEndSize) return std::nullopt;
    const std::uint64_t last = bytes_.size() - kEndSize,
                        first = last > kLongestComment ? last - kLongestComment : 0;
    std::uint64_t at = last;
    while (number<std::uint32_t>(at) != kEndMark) {
      if (at == first) return std::nullopt;
      --at;
    }
    if (at >= kLocator64Size && number<std::uint32_t>(at - kLocator64Size) == kLocator64Mark) {
      const auto end = number<std::uint64_t>(at - kLocator64Size + 8);
      if (!holds(end, kEnd64Size) || number<std::uint32_t>(end) != kEnd64Mark) return std::nullopt;
      return std::pair(number<std::uint64_t>(end + 48), number<std::uint64_t>(end + 32));
    }
    return std::pair<std::uint64_t, std::uint64_t>(number<std::uint32_t>(at + 16),
                                                   number<std::uint16_t>(at + 10));
  }

  // Moves `offset` to the next one.
  std::optional<Entry> read_entry(std::uint64_t& offset) const {
    if (!holds(offset, kEntrySize) || number<std::uint32_t>(offset) != kEntryMark) return std::nullopt;
    const std::uint64_t name = number<std::uint16_t>(offset + 28), extra = number<std::uint16_t>(offset + 30),
                        comment = number<std::uint16_t>(offset + 32);
    if (!holds(offset + kEntrySize, name + extra + comment)) return std::nullopt;
    Entry entry;
    entry.flags = number<std::uint16_t>(offset + 8);
    entry.method = number<std::uint16_t>(offset + 10);
    entry.crc = number<std::uint32_t>(offset + 16);
    entry.packed = number<std::uint32_t>(offset + 20);
    entry.size = number<std::uint32_t>(offset + 24);
    entry.offset = number<std::uint32_t>(offset + 42);
    entry.name.assign(reinterpret_cast<const char*>(bytes_.data()) + offset + kEntrySize, name);
    if (!read_extra(offset + kEntrySize + name, extra, entry)) return std::nullopt;
    offset += kEntrySize + name + extra + comment;
    return entry;
  }

  // Numbers that do not fit into 32 bits, in this order.
  bool read_extra(std::uint64_t at, std::uint64_t size, Entry& entry) const {
    const std::uint64_t end = at + size;
    while (at + 4 <= end) {
      const auto kind = number<std::uint16_t>(at), bytes = number<std::uint16_t>(at + 2);
      at += 4;
      if (at + bytes > end) return false;
      std::uint64_t from = at;
      for (std::uint64_t* wide : {&entry.size, &entry.packed, &entry.offset}) {
        if (kind != kZip64 || *wide != kIn64) continue;
        if (from + 8 > at + bytes) return false;
        *wide = number<std::uint64_t>(from);
        from += 8;
      }
      at += bytes;
    }
    return true;
  }

  Result<Bytes> unpack(const Entry& entry) const {
    const std::string name = fmt::format("`{}`, file `{}`", path_, shown(entry.name));
    if ((entry.flags & 1) != 0) return Error{fmt::format("{}: it is encrypted", name), {}};
    if (entry.method != kStored && entry.method != kDeflated)
      return Error{fmt::format("{}: it is packed by method {}, and netc reads 0 (stored) and 8 (deflated)",
                               name, entry.method),
                   {}};
    if (!holds(entry.offset, kLocalSize) || number<std::uint32_t>(entry.offset) != kLocalMark)
      return damaged(fmt::format("file `{}` is not where the directory says", shown(entry.name)));
    const std::uint64_t begin = entry.offset + kLocalSize + number<std::uint16_t>(entry.offset + 26) +
                                number<std::uint16_t>(entry.offset + 28);
    if (!holds(begin, entry.packed)) return damaged(fmt::format("file `{}` is cut off", shown(entry.name)));
    const bool possible =
        entry.method == kStored ? entry.size == entry.packed : entry.size / kDeflateMaxRatio <= entry.packed;
    if (!possible)
      return damaged(fmt::format("file `{}` cannot have {} bytes", shown(entry.name), entry.size));
    Bytes bytes(entry.size);
    if (!copy({bytes_.data() + begin, entry.packed}, entry.method, bytes) ||
        libdeflate_crc32(0, bytes.data(), bytes.size()) != entry.crc)
      return damaged(fmt::format("file `{}` does not match its checksum", shown(entry.name)));
    return bytes;
  }

  static bool copy(std::span<const std::uint8_t> packed, std::uint16_t method, Bytes& bytes) {
    if (method == kStored) {
      std::ranges::copy(packed, bytes.data());
      return true;
    }
    const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
        libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
    return libdeflate_deflate_decompress(decompressor.get(), packed.data(), packed.size(), bytes.data(),
                                         bytes.size(), nullptr) == LIBDEFLATE_SUCCESS;
  }

  static std::string shown(std::string name) {
    std::replace_if(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c >= 0x7f; }, '?');
    return name.substr(0, 80);
  }

  std::string path_;
  Bytes bytes_;
};

}  // namespace

Result<std::vector<ZipEntry>> read_zip(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "an npz file");
  if (!file) return file.error();
  if (Status status = test_memory(path, static_cast<double>(file->size())); !status) return status.error();
  Bytes bytes(file->size());
  if (Status status = file->read({bytes.data(), bytes.size()}, 0); !status) return status.error();
  return Archive(path, std::move(bytes)).read();
}

}  // namespace netc::runtime

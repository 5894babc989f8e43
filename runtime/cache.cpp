#include "runtime/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "runtime/files.h"
#include "runtime/hash.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

// In front of an entry's contents, which so start at a multiple of 64.
struct Header {
  char magic[8] = {'n', 'e', 't', 'c', '-', '1', 0, 0};
  std::uint64_t size = 0;  // of the contents
  Fingerprint fingerprint{};
  std::uint8_t pad[32] = {};
  friend bool operator==(const Header&, const Header&) = default;
};
static_assert(sizeof(Header) == 64);

struct Descriptor {
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  const int number;
};

bool is_safe(const std::string& folder) {
  struct stat status = {};
  if (::stat(folder.c_str(), &status) != 0) return errno == ENOENT;
  return S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

bool make_folder(const std::string& folder) {
  std::error_code ignored;
  fs::create_directories(fs::path(folder).parent_path(), ignored);
  return (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) && is_safe(folder);
}

bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::size_t size_of(std::span<const std::span<const std::uint8_t>> parts) {
  std::size_t size = 0;
  for (std::span<const std::uint8_t> part : parts) size += part.size();
  return size;
}

bool write_entry(int descriptor, std::span<const std::span<const std::uint8_t>> parts) {
  Header header;
  header.fingerprint = fingerprint_of(parts);
  header.size = size_of(parts);
  bool good = write_all(descriptor, {reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  for (std::span<const std::uint8_t> part : parts) good = good && write_all(descriptor, part);
  return good;
}

struct Entry {
  fs::path path;
  fs::file_time_type used;
  std::uintmax_t bytes = 0;
};

std::vector<Entry> entries_in(const std::string& folder) {
  std::vector<Entry> entries;
  std::error_code fault;
  for (fs::directory_iterator place(folder, fault), end; !fault && place != end; place.increment(fault)) {
    // Another process may be removing it.
    std::error_code gone;
    Entry entry{place->path(), place->last_write_time(gone), 0};
    if (!gone) entry.bytes = place->file_size(gone);
    if (!gone) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Cache::Cache(std::string folder, std::size_t most_bytes, std::size_t most_entries)
    : folder_(is_safe(folder) ? std::move(folder) : ""),
      most_bytes_(most_bytes),
      most_entries_(most_entries) {}

Cache::~Cache() {
  if (grown_) trim();
}

std::string Cache::path_of(std::string_view key) const {
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  return folder_ + "/" + digits(fingerprint_of(bytes));
}

std::optional<Bytes> Cache::find(std::string_view key) const {
  if (!keeps()) return std::nullopt;
  const std::string path = path_of(key);
  const Result<InputFile> file = InputFile::open(path, "an entry");
  if (!file || file->size() < sizeof(Header) || file->size() - sizeof(Header) > most_bytes_)
    return std::nullopt;
  // Read, not mapped: the pages of a mapped file are small, and shuffled samples would miss most of them.
  Bytes contents(file->size() - sizeof(Header), sizeof(Header));
  if (!file->read(contents.whole(), 0)) return std::nullopt;
  Header found, expected;
  std::memcpy(static_cast<void*>(&found), contents.whole().data(), sizeof found);
  expected.size = contents.size();
  expected.fingerprint = fingerprint_of(std::span<const std::uint8_t>(contents.data(), contents.size()));
  if (found != expected) return std::nullopt;
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return contents;
}

void Cache::keep(std::string_view key, std::span<const std::span<const std::uint8_t>> parts) const {
  if (!keeps() || size_of(parts) > most_bytes_ / 2 || !make_folder(folder_)) return;
  std::string temporary = folder_ + "/new-XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number < 0) return;
  // The rename is atomic for every reader. Without fsync, a power failure can leave an entry without its
  // contents; then the checksum does not fit.
  if (write_entry(file.number, parts) && std::rename(temporary.c_str(), path_of(key).c_str()) == 0)
    grown_ = true;
  else ::unlink(temporary.c_str());
}

// What killed processes have left half-written ages like everything else.
void Cache::trim() const {
  std::vector<Entry> entries = entries_in(folder_);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used > b.used; });
  std::uintmax_t bytes = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    bytes += entries[i].bytes;
    std::error_code ignored;
    if (bytes > most_bytes_ || i >= most_entries_) fs::remove(entries[i].path, ignored);
  }
}

std::string user_cache_folder() {
  // A relative path is to be ignored, the XDG specification says.
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && cache[0] == '/')
    return std::string(cache) + "/netc";
  if (const char* home = std::getenv("HOME"); home && home[0] == '/')
    return std::string(home) + "/.cache/netc";
  return "";
}

}  // namespace netc::runtime

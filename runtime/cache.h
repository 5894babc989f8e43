#pragma once
// What starts netc sooner the next time: compiled code and unpacked data, a file each. Nothing depends on it:
// an entry that is missing or damaged is made anew, and one that cannot be written is not, all silently.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/bytes.h"

namespace netc::runtime {

// May be used by several threads and processes at once: entries appear whole, and stay mapped when another
// process removes them.
class Cache {
 public:
  // Past this many bytes, or files, the least recently used ones go.
  static constexpr std::size_t kMostBytes = std::size_t{512} << 20;
  static constexpr std::size_t kMostEntries = 4096;

  // Keeps nothing.
  Cache() = default;
  // In `folder`, which is made when there is something to keep. Keeps nothing where the folder is empty, or
  // somebody else's, or may be written by somebody else: what lies there is executed.
  explicit Cache(std::string folder, std::size_t most_bytes = kMostBytes,
                 std::size_t most_entries = kMostEntries);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  // Removes what is too much, if this cache has added to it.
  ~Cache();

  bool keeps() const { return !folder_.empty(); }
  // What was kept under the key, to be read only; its checksum is tested. `key` says everything that the
  // contents depend on.
  std::optional<Bytes> find(std::string_view key) const;
  // The parts, one behind the other; not if they would take more than half of the room.
  void keep(std::string_view key, std::span<const std::span<const std::uint8_t>> parts) const;

 private:
  std::string path_of(std::string_view key) const;
  void trim() const;

  std::string folder_;
  std::size_t most_bytes_ = 0, most_entries_ = 0;
  mutable std::atomic<bool> grown_ = false;
};

// $XDG_CACHE_HOME/netc or ~/.cache/netc; empty where there is neither.
std::string user_cache_folder();

}  // namespace netc::runtime

#pragma once
// The bytes of a file or a pipe, one after the other.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace netc::runtime {

class ByteStream {
 public:
  // `-` is stdin.
  static Result<ByteStream> open(const std::string& path);
  ByteStream(ByteStream&& other) noexcept;
  ByteStream& operator=(ByteStream&&) = delete;
  ~ByteStream();

  // For messages.
  const std::string& path() const { return path_; }
  // What can be read again from the start, under its path.
  bool is_regular() const { return regular_; }
  // The next bytes, without taking them: fewer than `count` where it ends.
  Result<std::span<const std::uint8_t>> peek(std::size_t count);
  // Takes bytes as they come: at least one, or 0 where it ends.
  Result<std::size_t> read_some(std::span<std::uint8_t> out);
  // Takes as many as fit; fewer where it ends.
  Result<std::size_t> read(std::span<std::uint8_t> out);

 private:
  ByteStream(std::string path, int descriptor, bool regular)
      : path_(std::move(path)), descriptor_(descriptor), regular_(regular) {}

  std::string path_;
  int descriptor_ = -1;
  bool regular_ = false;
  std::vector<std::uint8_t> peeked_;  // not taken yet
};

}  // namespace netc::runtime

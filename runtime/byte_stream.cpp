#include "runtime/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/files.h"

namespace netc::runtime {

Result<ByteStream> ByteStream::open(const std::string& path) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "stdin" : path;
  const int descriptor = is_stdin ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot_read(name, errno);
  struct stat status = {};
  const bool known = ::fstat(descriptor, &status) == 0;
  ByteStream stream(name, descriptor, known && !is_stdin && S_ISREG(status.st_mode));
  if (known && S_ISDIR(status.st_mode)) {
    Error error = cannot_read(name, "it is a directory, expected a file");
    error.hints.push_back(fmt::format("name the files in it, such as {}/*", path));
    return error;
  }
  return stream;
}

ByteStream::ByteStream(ByteStream&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      regular_(other.regular_),
      peeked_(std::move(other.peeked_)) {}

ByteStream::~ByteStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::span<const std::uint8_t>> ByteStream::peek(std::size_t count) {
  while (peeked_.size() < count) {
    const std::size_t before = peeked_.size();
    peeked_.resize(count);
    const ssize_t got = ::read(descriptor_, peeked_.data() + before, count - before);
    peeked_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return cannot_read(path_, errno);
    if (got == 0) break;
  }
  return std::span<const std::uint8_t>(peeked_).first(std::min(count, peeked_.size()));
}

Result<std::size_t> ByteStream::read_some(std::span<std::uint8_t> out) {
  if (!peeked_.empty()) {
    const auto taken = static_cast<std::ptrdiff_t>(std::min(out.size(), peeked_.size()));
    std::copy_n(peeked_.begin(), taken, out.begin());
    peeked_.erase(peeked_.begin(), peeked_.begin() + taken);
    return static_cast<std::size_t>(taken);
  }
  for (;;) {
    const ssize_t got = ::read(descriptor_, out.data(), out.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return cannot_read(path_, errno);
  }
}

Result<std::size_t> ByteStream::read(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    Result<std::size_t> got = read_some(out.subspan(done));
    if (!got) return got.error();
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

}  // namespace netc::runtime

#include "runtime/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/report.h"
#include "runtime/run_folder.h"

namespace netc::runtime {
namespace {

// A folder with more is none that a person reads.
constexpr std::size_t kMostNeighbours = 1000;

// The names in the folder of a path, sorted.
std::vector<std::string> neighbours(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::vector<std::string> names;
  std::error_code fault;
  for (std::filesystem::directory_iterator place(folder, fault), end; !fault && place != end;
       place.increment(fault)) {
    if (names.size() == kMostNeighbours) return {};
    names.push_back(place->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Error cannot_write(const std::string& path, int errno_value) {
  return Error{fmt::format("cannot write `{}`: {}", path, system_message(errno_value)), {}};
}

// The clocks of file systems tick as slowly as every two seconds.
constexpr std::int64_t kSettledSeconds = 3;

// The time of the last change to the file or to what is known of it cannot be set by anyone, that of its
// contents can.
std::string identity_of(const struct stat& status) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (status.st_ctim.tv_sec + kSettledSeconds > now.tv_sec) return "";
  return fmt::format("{} {} {} {}.{:09} {}.{:09}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

// Beside the file, so that a rename can put it in place.
std::string temporary_name(const std::string& path) { return fmt::format("{}.{}.tmp", path, ::getpid()); }

bool write_all(int descriptor, const std::string& contents) {
  std::size_t done = 0;
  while (done < contents.size()) {
    ssize_t n = ::write(descriptor, contents.data() + done, contents.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::string system_message(int errno_value) {
  std::string message = std::generic_category().message(errno_value);
  if (!message.empty()) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  return message;
}

Error cannot_read(const std::string& path, const std::string& why) {
  return Error{fmt::format("cannot read `{}`: {}", path, why), {}};
}

Error cannot_read(const std::string& path, int errno_value) {
  Error error = cannot_read(path, system_message(errno_value));
  if (errno_value == ENOENT) {
    std::filesystem::path missing(path);
    std::error_code fault;
    while (missing.has_parent_path() && !std::filesystem::exists(missing.parent_path(), fault))
      missing = missing.parent_path();
    error.unknown = UnknownName{path, missing.filename().string(), neighbours(missing)};
  }
  return error;
}

InputFile::InputFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      identity_(std::move(other.identity_)) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<InputFile> InputFile::open(const std::string& path, const std::string& kind) {
  // Without O_NONBLOCK, opening a pipe waits for its other end.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return cannot_read(path, errno);
  InputFile file(path, descriptor);
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) return cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(path, fmt::format("it is a directory, expected {}", kind));
  if (!S_ISREG(status.st_mode))
    return cannot_read(path, fmt::format("it is not a regular file, expected {}", kind));
  file.size_ = static_cast<std::size_t>(status.st_size);
  file.identity_ = identity_of(status);
  return file;
}

Status InputFile::read(std::span<std::uint8_t> out, std::size_t offset) const {
  std::size_t done = 0;
  while (done < out.size()) {
    ssize_t n = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_read(path_, errno);
    if (n == 0) return cannot_read(path_, "it became shorter while it was read");
    done += static_cast<std::size_t>(n);
  }
  return Done{};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  Result<InputFile> file = InputFile::open(path, "a file");
  if (!file) return file.error();
  if (file->size() > limit) {
    return cannot_read(path, fmt::format("it has {} bytes, expected at most {}",
                                         with_commas(static_cast<std::int64_t>(file->size())),
                                         with_commas(static_cast<std::int64_t>(limit))));
  }
  std::string text(file->size(), '\0');
  Status status = file->read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, 0);
  if (!status) return status.error();
  return text;
}

Status test_writable(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return cannot_write(path, EISDIR);
  const std::string trial = temporary_name(path);
  int descriptor = ::open(trial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return cannot_write(path, errno);
  const bool written = write_all(descriptor, "x");
  const int problem = errno;
  ::close(descriptor);
  ::unlink(trial.c_str());
  if (!written) return cannot_write(path, problem);
  return Done{};
}

// The rename is atomic for every reader and for a killed process. There is no fsync: after a power failure a
// run is repeated.
Status write_file_atomically(const std::string& path, const std::string& contents) {
  const std::string temporary = temporary_name(path);
  int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return cannot_write(path, errno);
  bool written = write_all(descriptor, contents);
  int problem = errno;
  if (::close(descriptor) != 0 && written) {
    written = false;
    problem = errno;
  }
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
    written = false;
    problem = errno;
  }
  if (written) return Done{};
  ::unlink(temporary.c_str());
  return cannot_write(path, problem);
}

}  // namespace netc::runtime

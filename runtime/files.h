#pragma once
// Reading files that may be anything: a missing one, a directory, a pipe.

#include <cstdint>
#include <span>
#include <string>

#include "runtime/result.h"

namespace netc::runtime {

// What the system says of `errno_value`, in the style of our messages: `no such file or directory`.
std::string system_message(int errno_value);

// `cannot read PATH: WHY`
Error cannot_read(const std::string& path, const std::string& why);
// The same for what the system says; of what is missing it knows what stands in its folder.
Error cannot_read(const std::string& path, int errno_value);

// An open regular file.
class InputFile {
 public:
  // `kind` says in messages what was expected there: `an idx file`.
  static Result<InputFile> open(const std::string& path, const std::string& kind);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  std::size_t size() const { return size_; }
  // Which contents these are, without reading them: what the system knows of the file changes with every
  // change to it. Empty where it changed so recently that another change would not show.
  const std::string& identity() const { return identity_; }
  // Fills `out` with the bytes from `offset` on; an error if the file has become shorter since it was opened.
  Status read(std::span<std::uint8_t> out, std::size_t offset) const;

 private:
  InputFile(std::string path, int descriptor);
  std::string path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
  std::string identity_;
};

}  // namespace netc::runtime

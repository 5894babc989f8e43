#pragma once
// SHA-256 and MD5, as hexadecimal digits; and a fast hash for what nobody forges.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace netc::runtime {

enum class HashKind { kSha256, kMd5 };

class Hasher {
 public:
  explicit Hasher(HashKind kind);
  void add(const void* data, std::size_t size);
  std::string digits();  // once, at the end

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

std::string hash_of(HashKind kind, std::span<const std::uint8_t> data);

// XXH3 of 128 bits, in its canonical order: at the speed of memory, where SHA-256 is twenty times slower.
using Fingerprint = std::array<std::uint8_t, 16>;
Fingerprint fingerprint_of(std::span<const std::uint8_t> data);
// Of the parts, one behind the other.
Fingerprint fingerprint_of(std::span<const std::span<const std::uint8_t>> parts);
std::string digits(const Fingerprint& fingerprint);

}  // namespace netc::runtime

#pragma once
// SHA-256 and MD5, as hexadecimal digits.

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

}  // namespace netc::runtime

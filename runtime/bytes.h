#pragma once
// A block of bytes for vector code.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace netc::runtime {

// `size` bytes that start at a multiple of 64 and are followed by at least 64 readable bytes (vector loads
// may run over the end). `front` bytes stand directly before them: a file's header and its values are read in
// one go, and the values are aligned. Uninitialised.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::size_t size, std::size_t front = 0);
  // `size` bytes from `offset` on, with `front` bytes before them. What follows them is readable.
  Bytes part(std::size_t offset, std::size_t size, std::size_t front = 0) &&;
  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  // The front and the bytes.
  std::span<std::uint8_t> whole() { return {data_ - front_, front_ + size_}; }
  std::span<const std::uint8_t> whole() const { return {data_ - front_, front_ + size_}; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<std::uint8_t[], Free> block_;
  std::uint8_t* data_ = nullptr;
  std::size_t front_ = 0, size_ = 0;
};

}  // namespace netc::runtime

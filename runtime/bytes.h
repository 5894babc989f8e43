#pragma once
// A block of bytes for vector code.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace netc::runtime {

struct FreeBytes {
  std::size_t mapped = 0;  // bytes; 0: the block is allocated
  void operator()(std::uint8_t* p) const;
};

// `size` bytes that start at a multiple of 64 and are followed by at least 64 readable bytes (vector loads
// may run over the end). `front` bytes stand directly before them: a file's header and its values are read in
// one go, and the values are aligned. Uninitialised.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::size_t size, std::size_t front = 0);
  // A file's first `size` bytes, to be read only, without a copy: they start at a multiple of 64, but nothing
  // need follow them. The file has to keep its size. Empty where it cannot be mapped.
  static std::optional<Bytes> map(int descriptor, std::size_t size);
  // `size` bytes from `offset` on, with `front` bytes before them. What follows them is readable.
  Bytes part(std::size_t offset, std::size_t size, std::size_t front = 0) &&;
  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  // The front and the bytes.
  std::span<std::uint8_t> whole() { return {data_ - front_, front_ + size_}; }
  std::span<const std::uint8_t> whole() const { return {data_ - front_, front_ + size_}; }

 private:
  std::unique_ptr<std::uint8_t[], FreeBytes> block_;
  std::uint8_t* data_ = nullptr;
  std::size_t front_ = 0, size_ = 0;
};

}  // namespace netc::runtime

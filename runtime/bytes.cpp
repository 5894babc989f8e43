#include "runtime/bytes.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <utility>

namespace netc::runtime {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

Bytes::Bytes(std::size_t size, std::size_t front) : front_(front), size_(size) {
  std::size_t lead = round_up(front, kAlignment);
  std::size_t wanted = lead + size + kAlignment;
  // Shuffled samples touch pages at random, and a fresh page costs a fault: large blocks ask for huge pages.
  std::size_t alignment = wanted >= 2 * kHugePage ? kHugePage : kAlignment;
  std::size_t bytes = round_up(wanted, alignment);
  block_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(alignment, bytes)));
  if (!block_) throw std::bad_alloc();
  if (alignment == kHugePage) madvise(block_.get(), bytes, MADV_HUGEPAGE);
  data_ = block_.get() + lead;
}

std::optional<Bytes> Bytes::map(int descriptor, std::size_t size) {
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  if (mapped == MAP_FAILED) return std::nullopt;
  Bytes bytes;
  bytes.data_ = static_cast<std::uint8_t*>(mapped);
  bytes.size_ = size;
  bytes.block_ = {bytes.data_, FreeBytes{size}};
  return bytes;
}

Bytes Bytes::part(std::size_t offset, std::size_t size, std::size_t front) && {
  Bytes bytes = std::move(*this);
  bytes.data_ += offset;
  bytes.size_ = size;
  bytes.front_ = front;
  return bytes;
}

void FreeBytes::operator()(std::uint8_t* p) const {
  if (mapped > 0) munmap(p, mapped);
  else std::free(p);
}

}  // namespace netc::runtime

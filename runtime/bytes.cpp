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

Bytes Bytes::part(std::size_t offset, std::size_t size, std::size_t front) && {
  Bytes bytes = std::move(*this);
  bytes.data_ += offset;
  bytes.size_ = size;
  bytes.front_ = front;
  return bytes;
}

}  // namespace netc::runtime

#include "runtime/memory.h"

#include <sys/mman.h>

#include <new>
#include <utility>

namespace netc::runtime {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

Memory::Memory(std::size_t bytes) {
  if (bytes == 0) return;
  // A huge page needs an address that is a multiple of its size: what stands off is given back at once.
  const std::size_t unit = bytes >= kHugePage / 4 ? kHugePage : 4096;
  size_ = round_up(bytes, unit);
  void* mapped = mmap(nullptr, size_ + unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto begin = reinterpret_cast<std::size_t>(mapped);
  const std::size_t aligned = round_up(begin, unit);
  if (aligned > begin) munmap(mapped, aligned - begin);
  if (begin + unit > aligned) munmap(reinterpret_cast<void*>(aligned + size_), begin + unit - aligned);
  data_ = reinterpret_cast<std::byte*>(aligned);
  madvise(data_, size_, MADV_HUGEPAGE);
}

Memory::~Memory() {
  if (data_) munmap(data_, size_);
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace netc::runtime

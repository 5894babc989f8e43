#include "runtime/tensor.h"

#include <bit>

#include "runtime/hash.h"

namespace netc::runtime {

static_assert(std::endian::native == std::endian::little,
              "tensors are hashed and saved as they lie in memory");

std::string sha256_of(const std::vector<NamedTensor>& tensors) {
  Hasher hasher(HashKind::kSha256);
  for (const NamedTensor& tensor : tensors) {
    hasher.add(tensor.name.c_str(), tensor.name.size() + 1);
    hasher.add(tensor.extents.data(), tensor.extents.size() * sizeof(std::int64_t));
    hasher.add(tensor.values.data(), tensor.values.size() * sizeof(float));
  }
  return hasher.digits();
}

}  // namespace netc::runtime

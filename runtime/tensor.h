#pragma once
// Named tensors in their logical, row-major form: what is saved, loaded, hashed and compared.

#include <cstdint>
#include <string>
#include <vector>

namespace netc::runtime {

struct NamedTensor {
  std::string name;                   // `dense_1.weight`
  std::vector<std::int64_t> extents;  // [in, out]
  std::vector<float> values;          // row-major
};

// SHA-256, as 64 hexadecimal digits, over each tensor in the given order: its name, a zero byte, its extents
// as little-endian i64, its values as little-endian f32.
std::string sha256_of(const std::vector<NamedTensor>& tensors);

}  // namespace netc::runtime

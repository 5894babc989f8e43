#pragma once
// What flows between layers. The batch is implied.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace netc {

enum class ShapeKind {
  kVector,    // n
  kImage,     // HxWxC
  kSequence,  // TxF
  kIndices,   // T of a vocabulary
};

struct Shape {
  ShapeKind kind = ShapeKind::kVector;
  std::vector<std::int64_t> extents;
  friend bool operator==(const Shape&, const Shape&) = default;

  // The largest int64 where the product does not fit.
  std::int64_t elements() const;
  // The last extent, and the product of the others.
  std::int64_t channels() const { return extents.back(); }
  std::int64_t places() const;
};

// a * b of numbers >= 0, or the largest int64 where that does not fit.
std::int64_t saturating_multiply(std::int64_t a, std::int64_t b);
// Likewise, their sum; and the product of all of them.
std::int64_t saturating_add(std::int64_t a, std::int64_t b);
std::int64_t product(std::span<const std::int64_t> extents);

// `128`, `28x28x1`
std::string print(const Shape& shape);
// `a vector of 128`, `an image of 28x28x1`, `a sequence of 28x28`
std::string describe(const Shape& shape);

}  // namespace netc

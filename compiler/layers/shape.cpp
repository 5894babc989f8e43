#include "compiler/layers/shape.h"

#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/support/check.h"

namespace netc {

std::int64_t saturating_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

std::int64_t product(std::span<const std::int64_t> extents) {
  std::int64_t product = 1;
  for (std::int64_t extent : extents) product = saturating_multiply(product, extent);
  return product;
}

std::int64_t Shape::elements() const { return product(extents); }

std::int64_t Shape::places() const { return product(std::span(extents).first(extents.size() - 1)); }

std::string print(const Shape& shape) { return fmt::format("{}", fmt::join(shape.extents, "x")); }

std::string describe(const Shape& shape) {
  switch (shape.kind) {
    case ShapeKind::kVector: return fmt::format("a vector of {}", print(shape));
    case ShapeKind::kImage: return fmt::format("an image of {}", print(shape));
    case ShapeKind::kSequence: return fmt::format("a sequence of {}", print(shape));
    case ShapeKind::kIndices: return fmt::format("a sequence of {} indices", print(shape));
  }
  NETC_CHECK(false, "unknown kind of shape");
}

}  // namespace netc

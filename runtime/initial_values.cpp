#include "runtime/initial_values.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "runtime/philox.h"

namespace netc::runtime {

namespace {

class Numbers {
 public:
  Numbers(const std::string& name, std::uint64_t seed) : seed_(seed), stream_(stream_of(name + "/init")) {}

  double uniform(std::size_t element) const { return to_unit(random_bits(seed_, stream_, 0, element)); }
  // Box and Muller 1958.
  double normal(std::size_t element) const {
    const double length = std::sqrt(-2 * std::log(1 - uniform(2 * element)));
    return length * std::cos(2 * std::numbers::pi * uniform(2 * element + 1));
  }

 private:
  std::uint64_t seed_, stream_;
};

// Makes vectors of normal numbers orthonormal, one after the other (Gram and Schmidt): no direction is
// preferred.
void orthonormalize(std::vector<std::vector<double>>& vectors) {
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    std::vector<double>& vector = vectors[i];
    for (std::size_t j = 0; j < i; ++j) {
      const double along = std::inner_product(vector.begin(), vector.end(), vectors[j].begin(), 0.0);
      for (std::size_t k = 0; k < vector.size(); ++k) vector[k] -= along * vectors[j][k];
    }
    const double length = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    for (double& value : vector) value /= length;
  }
}

std::vector<float> orthogonal(const std::vector<std::int64_t>& extents, std::size_t count, double factor,
                              const Numbers& numbers) {
  const std::size_t columns = extents.empty() ? 1 : static_cast<std::size_t>(extents.back());
  const std::size_t rows = count / columns;
  const bool by_rows = rows <= columns;
  std::vector<std::vector<double>> vectors(std::min(rows, columns),
                                           std::vector<double>(std::max(rows, columns)));
  std::size_t next = 0;
  for (std::vector<double>& vector : vectors) {
    for (double& value : vector) value = numbers.normal(next++);
  }
  orthonormalize(vectors);
  std::vector<float> values(count);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double value = by_rows ? vectors[row][column] : vectors[column][row];
      values[row * columns + column] = static_cast<float>(factor * value);
    }
  }
  return values;
}

}  // namespace

std::vector<float> initial_values(const std::string& name, const std::vector<std::int64_t>& extents,
                                  const Start& start, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(
      std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>()));
  const Numbers numbers(name, seed);
  if (start.kind == Start::Kind::kOrthogonal) return orthogonal(extents, count, start.value, numbers);
  std::vector<float> values(count, static_cast<float>(start.value));
  if (start.kind == Start::Kind::kConstant) return values;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = start.kind == Start::Kind::kNormal ? numbers.normal(i) : 2 * numbers.uniform(i) - 1;
    values[i] = static_cast<float>(value * start.value);
  }
  return values;
}

}  // namespace netc::runtime

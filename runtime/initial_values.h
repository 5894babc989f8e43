#pragma once
// How parameters and state start.

#include <cstdint>
#include <string>
#include <vector>

namespace netc::runtime {

struct Start {
  enum class Kind {
    kConstant,    // `value`
    kUniform,     // in [-value, value]
    kNormal,      // mean 0, standard deviation `value`
    kOrthogonal,  // as a matrix [all axes but the last, last], orthonormal rows or columns, times `value`
  } kind = Kind::kConstant;
  double value = 0;
};

// The values of a tensor, row-major; random ones from the run's seed and the tensor's name.
std::vector<float> initial_values(const std::string& name, const std::vector<std::int64_t>& extents,
                                  const Start& start, std::uint64_t seed);

}  // namespace netc::runtime

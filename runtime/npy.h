#pragma once
// NumPy's files: npy holds an array, npz is a zip archive of such files.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "runtime/table.h"

namespace netc::runtime {

enum class NpyType : std::uint8_t { kU8, kU16, kU32, kU64, kI8, kI16, kI32, kI64, kF32, kF64 };
std::int64_t size_of(NpyType type);

struct NpyArray {
  std::string name;  // for messages: the file, and the array's name in an archive
  NpyType type = NpyType::kU8;
  std::vector<std::int64_t> extents;
  Bytes values;  // row-major, little-endian

  std::int64_t elements() const;
  // Element i, as a double; whole numbers beyond 2^53 are rounded.
  double at(std::int64_t i) const;
};

// Booleans count as bytes. Other types, other byte orders and Fortran's order are refused. What is allocated
// is bounded by the file's size.
Result<NpyArray> read_npy(const std::string& path);
// The rows of a two-dimensional array: columns 1, 2, ... Infinite numbers are refused.
Result<Table> read_npy_rows(const std::string& path);
// In the archive's order, by name without `.npy`. Stored or deflated; each is tested by its CRC-32.
Result<std::vector<std::pair<std::string, NpyArray>>> read_npz(const std::string& path);

}  // namespace netc::runtime

#pragma once
// Numbers as tables have most of them, `-12.345`, at a few nanoseconds each: std::from_chars takes five times
// as long, since it branches on each digit.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace netc::runtime {

static_assert(std::endian::native == std::endian::little, "the first digit is the lowest byte");

// How many of eight bytes, the lowest first, are digits before one that is none.
inline unsigned count_digits(std::uint64_t bytes) {
  const std::uint64_t zeros = 0x3030303030303030;
  // The high half of a byte is not 3, or its low half is beyond 9.
  const std::uint64_t others = ((bytes & 0xf0f0f0f0f0f0f0f0) ^ zeros) |
                               ((((bytes & 0x0f0f0f0f0f0f0f0f) + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0));
  return static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// The value of the first `digits` bytes, 0 to 7 of them, in three multiplications: neighbours become numbers
// of two digits, then of four, then of eight.
inline std::uint64_t value_of_digits(std::uint64_t bytes, unsigned digits) {
  if (digits == 0) return 0;
  std::uint64_t value = (bytes & 0x0f0f0f0f0f0f0f0f) << (64 - 8 * digits);
  value = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
  value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffff;
  return (value * 10'000 + (value >> 32)) & 0xffffffff;
}

// Reads `-`, up to 7 digits, and perhaps a point and up to 7 more. How many bytes that are; 0: it is no such
// number, or goes on (as with an exponent), or stands too near the end. The nearest double: the digits and
// the power of ten are doubles without rounding, so that their quotient is rounded once.
inline std::size_t parse_short_number(const char* begin, const char* end, double& value) {
  constexpr std::array<double, 8> kPowers{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  constexpr std::ptrdiff_t kMostBytes = 1 + 8 + 8;
  if (end - begin < kMostBytes) return 0;
  const bool negative = *begin == '-';
  const char* p = begin + negative;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, p, sizeof bytes);
  const unsigned whole = count_digits(bytes);
  if (whole == 0 || whole == 8) return 0;
  std::uint64_t digits = value_of_digits(bytes, whole);
  p += whole;
  unsigned decimals = 0;
  if (*p == '.') {
    std::memcpy(&bytes, ++p, sizeof bytes);
    decimals = count_digits(bytes);
    if (decimals == 0 || decimals == 8) return 0;
    digits = digits * static_cast<std::uint64_t>(kPowers[decimals]) + value_of_digits(bytes, decimals);
    p += decimals;
  }
  if (*p == 'e' || *p == 'E' || *p == '.') return 0;
  const double size = static_cast<double>(digits) / kPowers[decimals];
  // No branch: signs come in any order.
  value =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) | static_cast<std::uint64_t>(negative) << 63);
  return static_cast<std::size_t>(p - begin);
}

}  // namespace netc::runtime

#pragma once
// Counter-based random numbers: Philox 4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", 2011). A number is a pure function of (seed, stream, step, element), so any
// thread can make any of them, and a resumed run makes the same.

#include <array>
#include <cstdint>
#include <string_view>

namespace netc::runtime {

using PhiloxBlock = std::array<std::uint32_t, 4>;

constexpr std::uint32_t kPhiloxM0 = 0xD2511F53, kPhiloxM1 = 0xCD9E8D57;
constexpr std::uint32_t kPhiloxW0 = 0x9E3779B9, kPhiloxW1 = 0xBB67AE85;
constexpr int kPhiloxRounds = 10;

// counter and key as in the paper: key words are bumped by W0 and W1 after each round.
constexpr PhiloxBlock philox(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    std::uint64_t p0 = std::uint64_t{kPhiloxM0} * counter[0];
    std::uint64_t p1 = std::uint64_t{kPhiloxM1} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(p0)};
    key0 += kPhiloxW0;
    key1 += kPhiloxW1;
  }
  return counter;
}

// The stream of a purpose, such as "dense_1.weight/init": 64-bit FNV-1a of its name.
constexpr std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// Element `element` of the stream at `step`. Elements are grouped by 64: lane l of word w of group q is
// element 64 q + 16 w + l, and its block is counter {16 q + l, step, stream's low word, stream's high word}:
// a 16-lane vector unit makes 64 elements of 16 blocks without shuffles.
constexpr std::uint32_t random_bits(std::uint64_t seed, std::uint64_t stream, std::uint32_t step,
                                    std::uint64_t element) {
  std::uint32_t block = static_cast<std::uint32_t>(element / 64 * 16 + element % 16);
  PhiloxBlock words =
      philox({block, step, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
             static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
  return words[element / 16 % 4];
}

// [0, 1), in steps of 2^-24, so exact as a float.
constexpr double to_unit(std::uint32_t bits) { return static_cast<double>(bits >> 8) * 0x1p-24; }

}  // namespace netc::runtime

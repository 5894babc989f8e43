#pragma once
// NumPy's files for tests, as numpy.save and numpy.savez write them.

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace netc::testing {

// An array: `<f4`, `(2, 3)`, its bytes.
inline std::string npy(const std::string& type, const std::string& shape, const std::string& values,
                       bool fortran = false) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  const auto size = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\1\0", 8) + std::string(reinterpret_cast<const char*>(&size), 2) + header +
         values;
}

// An archive of arrays, stored.
inline std::string npz(const std::vector<std::pair<std::string, std::string>>& arrays) {
  auto number = [](auto value) { return std::string(reinterpret_cast<const char*>(&value), sizeof(value)); };
  auto crc = [](const std::string& bytes) {
    std::uint32_t value = ~0u;
    for (unsigned char byte : bytes) {
      value ^= byte;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
    }
    return ~value;
  };
  std::string files, directory;
  for (const auto& [name, bytes] : arrays) {
    const std::string file = name + ".npy";
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::string common = number(std::uint16_t{20}) + number(std::uint16_t{0}) +
                               number(std::uint16_t{0}) + number(std::uint32_t{0}) + number(crc(bytes)) +
                               number(size) + number(size) + number(static_cast<std::uint16_t>(file.size())) +
                               number(std::uint16_t{0});
    directory += "PK\1\2" + number(std::uint16_t{20}) + common + number(std::uint16_t{0}) +
                 number(std::uint16_t{0}) + number(std::uint16_t{0}) + number(std::uint32_t{0}) +
                 number(static_cast<std::uint32_t>(files.size())) + file;
    files += "PK\3\4" + common + file + bytes;
  }
  const auto count = static_cast<std::uint16_t>(arrays.size());
  return files + directory + "PK\5\6" + number(std::uint32_t{0}) + number(count) + number(count) +
         number(static_cast<std::uint32_t>(directory.size())) +
         number(static_cast<std::uint32_t>(files.size())) + number(std::uint16_t{0});
}

}  // namespace netc::testing

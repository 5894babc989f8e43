// PNG files of the fuzzer's chunks. It cannot guess checksums, so those of its chunks are put right.

#include <libdeflate.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const std::size_t chunks = file.size();
  file.insert(file.end(), data, data + size);
  for (std::size_t at = chunks; at + 12 <= file.size();) {
    const std::size_t length =
        std::size_t{file[at]} << 24 | file[at + 1] << 16 | file[at + 2] << 8 | file[at + 3];
    if (length > file.size() - at - 12) break;
    const std::uint32_t sum = libdeflate_crc32(0, &file[at + 4], 4 + length);
    for (int i = 0; i < 4; ++i) file[at + 8 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
    at += 12 + length;
  }
  netc::fuzz::decode(std::move(file));
  return 0;
}

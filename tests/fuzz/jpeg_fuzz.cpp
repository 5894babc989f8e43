// JPEG files of the fuzzer's bytes.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> file{0xff, 0xd8, 0xff};
  file.insert(file.end(), data, data + size);
  netc::fuzz::decode(std::move(file));
  return 0;
}

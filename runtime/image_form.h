#pragma once
// What becomes of images that are files of their own, so that they are samples of one network.

#include <cstdint>
#include <span>
#include <string>

#include "runtime/image.h"

namespace netc::runtime {

struct ImageForm {
  std::int64_t height = 0, width = 0, channels = 0;
  bool fit = false;      // images of any size are brought to this one
  bool convert = false;  // grey and colour become each other
  std::string model;     // what decided the form, for messages: `a.png` or `the network`

  std::int64_t values() const { return height * width * channels; }
};

// The file's pixels in that form. `out`: [height, width, channels]
Status decode_sample(std::span<const std::uint8_t> file, const std::string& path, const ImageForm& form,
                     std::span<std::uint8_t> out);

}  // namespace netc::runtime

#pragma once
// Feeds a decoder with the fuzzer's bytes behind a format's magic: it may refuse them, but only with a
// message, and within bounds. What it takes can be brought to any size.

#include <cstdlib>
#include <vector>

#include "runtime/image.h"

namespace netc::fuzz {

inline void require(bool good) {
  if (!good) std::abort();
}

inline void decode(std::vector<std::uint8_t> file) {
  using namespace netc::runtime;
  Result<ImageHeader> header = parse_image_header(file, "image");
  Result<Image> image = decode_image(file, "image");
  if (!image) {
    require(!image.error().message.empty());
    return;
  }
  require(static_cast<bool>(header));
  require(header->height == image->header.height && header->width == image->header.width &&
          header->channels == image->header.channels);
  require(image->pixels.size() ==
          static_cast<std::size_t>(header->height * header->width * header->channels));
  std::vector<std::uint8_t> out(5 * 7 * static_cast<std::size_t>(header->channels));
  fit_image(*image, 5, 7, out);
  convert_channels(*image, 4 - header->channels);
}

}  // namespace netc::fuzz

#pragma once
// A row for each format of images; each has a file of its own.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/image.h"

namespace netc::runtime {

struct ImageFormat {
  std::vector<std::uint8_t> magic;  // what its files begin with
  Result<ImageHeader> (*parse_header)(std::span<const std::uint8_t> file, const std::string& path);
  Result<Image> (*decode)(std::span<const std::uint8_t> file, const std::string& path);
};

extern const ImageFormat kPng, kJpeg;

// Against kMaxImageSide and kMaxImagePixels.
Status test_image_size(const ImageHeader& header, const std::string& path);

}  // namespace netc::runtime

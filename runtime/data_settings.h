#pragma once
// What a program says of its data beyond where it is.

#include <cstdint>

namespace netc::runtime {

// Of images that are files of their own.
struct ImageSettings {
  std::int64_t height = 0, width = 0;  // 0: all images have the same size
  std::int64_t channels = 0;           // 1: grey, 3: red, green, blue; 0: as the first image has it

  friend bool operator==(const ImageSettings&, const ImageSettings&) = default;
};

}  // namespace netc::runtime

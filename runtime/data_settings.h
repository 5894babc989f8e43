#pragma once
// What a program says of its data beyond where it is.

#include <cstdint>

namespace netc::runtime {

// Of images that are files of their own.
struct ImageSettings {
  std::int64_t height = 0, width = 0;  // 0: all images have the same size
  std::int64_t channels = 0;           // 1: grey, 3: red, green, blue; 0: as the first image has it
};

// How training images are changed at random; 0 leaves them. What comes into view from beyond an image is 0.
struct Augmentation {
  double shift = 0;       // pixels, up to which they move along each axis
  double rotate = 0;      // degrees, up to which they turn either way
  double scale = 0;       // share, by up to which they grow or shrink
  bool flip = false;      // every other one is mirrored, left to right
  double brightness = 0;  // share, by up to which all values grow or shrink
  double noise = 0;       // the deviation of what is added to each value, as a share of 255
  double cutout = 0;      // pixels: the side of a square that is set to 0

  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// Of the bytes of samples: divided by 255, or by what their training part says of each channel.
enum class Normalization : std::uint8_t { kNone, kStandard, kMinMax };

}  // namespace netc::runtime

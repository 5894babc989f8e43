#pragma once
// PNG and JPEG files, which may be anything: known by their content, decoded within bounds.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace netc::runtime {

// Neither side of an image is longer, and it has no more pixels: decoding takes at most 12 bytes a pixel.
constexpr std::int64_t kMaxImageSide = 1 << 16;
constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 26;

// A file is at most as long.
constexpr std::size_t kMaxImageFileBytes = std::size_t{512} << 20;

struct ImageHeader {
  std::int64_t height = 0, width = 0;
  std::int64_t channels = 1;  // 1: grey, 3: red, green, blue
};

struct Image {
  ImageHeader header;
  std::vector<std::uint8_t> pixels;  // [height, width, channels]
};

// Whether a file starts as PNG or JPEG.
bool is_image(std::span<const std::uint8_t> start);

// Of a file's contents; `path` is for messages. 16 bits a channel become 8, palettes colours; what is
// transparent is laid over white.
Result<ImageHeader> parse_image_header(std::span<const std::uint8_t> file, const std::string& path);
Result<Image> decode_image(std::span<const std::uint8_t> file, const std::string& path);

// The file's bytes, for the two above.
Result<std::vector<std::uint8_t>> read_image_file(const std::string& path);

// Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), as Pillow rounds it; colour of a grey image
// has three equal channels.
void convert_channels(Image& image, std::int64_t channels);

// The largest part of the image in its middle that has the shape `height` x `width`, brought to that size:
// each new pixel is a mean over the old ones around it, weighted by a triangle that is as wide as a new pixel
// on either side, or an old one if that is wider (antialiased bilinear). The same to the bit as Pillow's
// ImageOps.fit(image, (width, height), Image.BILINEAR). `out`: [height, width, channels].
void fit_image(const Image& image, std::int64_t height, std::int64_t width, std::span<std::uint8_t> out);

}  // namespace netc::runtime

#include "runtime/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/files.h"
#include "runtime/image_formats.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

const ImageFormat* format_of(std::span<const std::uint8_t> file) {
  for (const ImageFormat* format : {&kPng, &kJpeg}) {
    if (file.size() >= format->magic.size() &&
        std::ranges::equal(file.first(format->magic.size()), format->magic))
      return format;
  }
  return nullptr;
}

Error unknown_format(std::span<const std::uint8_t> file, const std::string& path) {
  if (file.empty()) return Error{fmt::format("`{}` is empty, expected a PNG or JPEG image", path), {}};
  std::string start;
  for (std::uint8_t byte : file.first(std::min<std::size_t>(file.size(), 4)))
    start += fmt::format(" {:02x}", byte);
  return Error{fmt::format("`{}` is neither PNG nor JPEG: it starts with{}", path, start), {}};
}

}  // namespace

Status test_image_size(const ImageHeader& header, const std::string& path) {
  const auto [height, width, channels] = header;
  if (height <= kMaxImageSide && width <= kMaxImageSide && height * width <= kMaxImagePixels) return Done{};
  return Error{fmt::format("`{}` is too large: its header says {} x {} pixels, expected at most {} in all",
                           path, with_commas(width), with_commas(height), with_commas(kMaxImagePixels)),
               {}};
}

bool is_image(std::span<const std::uint8_t> start) { return format_of(start) != nullptr; }

Result<ImageHeader> parse_image_header(std::span<const std::uint8_t> file, const std::string& path) {
  const ImageFormat* format = format_of(file);
  if (format == nullptr) return unknown_format(file, path);
  return format->parse_header(file, path);
}

Result<Image> decode_image(std::span<const std::uint8_t> file, const std::string& path) {
  const ImageFormat* format = format_of(file);
  if (format == nullptr) return unknown_format(file, path);
  return format->decode(file, path);
}

Result<std::vector<std::uint8_t>> read_image_file(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "an image");
  if (!file) return file.error();
  if (file->size() > kMaxImageFileBytes)
    return Error{fmt::format("`{}` is too large: it has {} bytes, expected at most {}", path,
                             with_commas(static_cast<std::int64_t>(file->size())),
                             with_commas(static_cast<std::int64_t>(kMaxImageFileBytes))),
                 {}};
  std::vector<std::uint8_t> bytes(file->size());
  if (Status status = file->read(bytes, 0); !status) return status.error();
  return bytes;
}

void convert_channels(Image& image, std::int64_t channels) {
  if (image.header.channels == channels) return;
  const auto pixels = static_cast<std::size_t>(image.header.height * image.header.width);
  std::vector<std::uint8_t> converted(pixels * static_cast<std::size_t>(channels));
  const std::uint8_t* from = image.pixels.data();
  for (std::size_t i = 0; i < pixels; ++i) {
    if (channels == 3) std::fill_n(&converted[3 * i], 3, from[i]);
    else
      converted[i] = static_cast<std::uint8_t>(
          (from[3 * i] * 19595u + from[3 * i + 1] * 38470u + from[3 * i + 2] * 7471u + 0x8000u) >> 16);
  }
  image.header.channels = channels;
  image.pixels = std::move(converted);
}

}  // namespace netc::runtime

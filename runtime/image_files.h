#pragma once
// For tests: PNG and JPEG files made of numbers.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>
#include <libdeflate.h>

#include "runtime/image.h"

namespace netc::runtime {

// A pattern without two equal neighbours: [height, width, channels].
inline std::vector<std::uint8_t> pattern(std::int64_t height, std::int64_t width, std::int64_t channels) {
  std::vector<std::uint8_t> pixels;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < channels; ++c)
        pixels.push_back(static_cast<std::uint8_t>((7 * x + 13 * y + 29 * c + x * y) % 256));
  return pixels;
}

inline std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift);
  return text;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(libdeflate_crc32(0, body.data(), body.size()));
}

// `more`: chunks before the pixels. `rows`: as the file has them, without the filters' bytes.
inline std::string make_png(std::uint32_t height, std::uint32_t width, int depth, int colour_type,
                            const std::string& rows, const std::string& more = "") {
  const std::size_t row = rows.size() / height;
  std::string filtered;
  for (std::uint32_t y = 0; y < height; ++y) filtered += '\0' + rows.substr(y * row, row);
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string packed(libdeflate_zlib_compress_bound(compressor, filtered.size()), '\0');
  packed.resize(
      libdeflate_zlib_compress(compressor, filtered.data(), filtered.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  const std::string header = big_endian(width) + big_endian(height) + static_cast<char>(depth) +
                             static_cast<char>(colour_type) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + more + png_chunk("IDAT", packed) +
         png_chunk("IEND", "");
}

inline std::string make_png(const Image& image) {
  const auto [height, width, channels] = image.header;
  return make_png(static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width), 8,
                  channels == 3 ? 2 : 0, {image.pixels.begin(), image.pixels.end()});
}

// `space` is that of the pixels, and of the file but for RGB.
inline std::string make_jpeg(const Image& image, J_COLOR_SPACE space, bool progressive = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  jpeg.image_height = static_cast<JDIMENSION>(image.header.height);
  jpeg.image_width = static_cast<JDIMENSION>(image.header.width);
  jpeg.input_components = static_cast<int>(image.header.channels);
  jpeg.in_color_space = space;
  jpeg_set_defaults(&jpeg);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  for (std::int64_t y = 0; y < image.header.height; ++y) {
    auto* row = const_cast<std::uint8_t*>(
        &image.pixels[static_cast<std::size_t>(y * image.header.width * image.header.channels)]);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string file(reinterpret_cast<char*>(out), size);
  std::free(out);
  return file;
}

}  // namespace netc::runtime

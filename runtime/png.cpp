#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <new>

#include "runtime/gzip.h"
#include "runtime/image_formats.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

// libpng reports errors by a longjmp. So a function that calls setjmp, and what it calls up to libpng, hold
// nothing that has a destructor; the decoder is its caller's.
struct Decoder {
  explicit Decoder(std::span<const std::uint8_t> file);
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::uint8_t> rest;
  bool ended = false;  // the file did, before the image
  std::array<char, 200> message{};
  // From the header on:
  std::uint32_t height = 0, width = 0;
  bool colour = false;
  std::size_t raw_bytes = 0;  // of all rows in the file, unpacked
  // When reading of rows has begun:
  std::size_t channels = 0;  // with alpha
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(decoder.message.data(), message, decoder.message.size() - 1);
  png_longjmp(png, 1);
}

// Of chunks that do not matter for the pixels.
void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t size) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (size > decoder.rest.size()) {
    decoder.ended = true;
    png_error(png, "truncated");
  }
  std::memcpy(out, decoder.rest.data(), size);
  decoder.rest = decoder.rest.subspan(size);
}

Decoder::Decoder(std::span<const std::uint8_t> file) : rest(file) {
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
  if (png) info = png_create_info_struct(png);
  if (!info) throw std::bad_alloc();
  png_set_read_fn(png, this, on_read);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  // Text and profiles are not looked at.
  png_set_chunk_malloc_max(png, 1 << 20);
  png_set_chunk_cache_max(png, 16);
  png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
}

bool read_header(Decoder& decoder) {
  png_structp png = decoder.png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_info(png, decoder.info);
  decoder.height = png_get_image_height(png, decoder.info);
  decoder.width = png_get_image_width(png, decoder.info);
  decoder.colour = (png_get_color_type(png, decoder.info) & PNG_COLOR_MASK_COLOR) != 0;
  decoder.raw_bytes = png_get_rowbytes(png, decoder.info) * decoder.height;
  return true;
}

// libpng allocates whole rows from here on.
bool begin_rows(Decoder& decoder) {
  png_structp png = decoder.png;
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, decoder.info);
  decoder.channels = png_get_channels(png, decoder.info);
  return true;
}

bool read_rows(Decoder& decoder, std::uint8_t** rows) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

Error damaged(const Decoder& decoder, const std::string& path) {
  if (decoder.ended)
    return Error{fmt::format("`{}` is truncated: the file ends before its PNG image does", path), {}};
  return Error{fmt::format("`{}` is a damaged PNG image: {}", path, decoder.message.data()), {}};
}

ImageHeader header_of(const Decoder& decoder) {
  return {decoder.height, decoder.width, decoder.colour ? 3 : 1};
}

Status start(Decoder& decoder, std::size_t size, const std::string& path) {
  if (!read_header(decoder)) return damaged(decoder, path);
  if (Status status = test_image_size(header_of(decoder), path); !status) return status;
  // Before anything is allocated for it.
  if (decoder.raw_bytes / kDeflateMaxRatio > size)
    return Error{
        fmt::format("`{}` is damaged: its header says {} x {} pixels, more than its {} bytes can hold", path,
                    with_commas(decoder.width), with_commas(decoder.height),
                    with_commas(static_cast<std::int64_t>(size))),
        {}};
  return Done{};
}

// [.., channels, alpha] -> [.., channels], over white.
void drop_alpha(std::vector<std::uint8_t>& pixels, std::size_t channels) {
  const std::size_t count = pixels.size() / (channels + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* from = &pixels[i * (channels + 1)];
    const unsigned alpha = from[channels];
    for (std::size_t c = 0; c < channels; ++c)
      pixels[i * channels + c] =
          static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  pixels.resize(count * channels);
}

Result<ImageHeader> parse_png_header(std::span<const std::uint8_t> file, const std::string& path) {
  Decoder decoder(file);
  if (Status status = start(decoder, file.size(), path); !status) return status.error();
  return header_of(decoder);
}

Result<Image> decode_png(std::span<const std::uint8_t> file, const std::string& path) {
  Decoder decoder(file);
  if (Status status = start(decoder, file.size(), path); !status) return status.error();
  if (!begin_rows(decoder)) return damaged(decoder, path);
  Image image{header_of(decoder), {}};
  const std::size_t row_bytes = decoder.width * decoder.channels;
  image.pixels.resize(row_bytes * decoder.height);
  std::vector<std::uint8_t*> rows(decoder.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = &image.pixels[y * row_bytes];
  if (!read_rows(decoder, rows.data())) return damaged(decoder, path);
  if (decoder.channels % 2 == 0) drop_alpha(image.pixels, decoder.channels - 1);
  return image;
}

}  // namespace

const ImageFormat kPng{{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, parse_png_header, decode_png};

}  // namespace netc::runtime

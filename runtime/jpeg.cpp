#include <fmt/format.h>

#include <array>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

#include "runtime/image_formats.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

// A few bytes can ask for another pass over a large image.
constexpr int kMostScans = 200;
// A block of 8x8 pixels takes at least a bit.
constexpr std::size_t kMostPixelsAByte = 512;

// libjpeg's errors leave it by a longjmp. So a function that calls setjmp, and what it calls up to libjpeg,
// hold nothing that has a destructor; the decoder is its caller's.
struct Decoder {
  explicit Decoder(std::span<const std::uint8_t> file);
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&jpeg); }

  std::span<const std::uint8_t> file;
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf place{};
  int code = 0;  // of the error
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
  auto& decoder = *static_cast<Decoder*>(jpeg->client_data);
  decoder.code = jpeg->err->msg_code;
  jpeg->err->format_message(jpeg, decoder.message.data());
  std::longjmp(decoder.place, 1);
}

// libjpeg warns, and makes up what is missing. What changes pixels is an error here.
void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_NOT_SEQUENTIAL: on_error(jpeg);
  }
}

void on_progress(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMostScans) return;
  jpeg->err->msg_code = JERR_BAD_PROGRESSION;
  on_error(jpeg);
}

Decoder::Decoder(std::span<const std::uint8_t> bytes) : file(bytes) {
  jpeg.err = jpeg_std_error(&errors);
  jpeg.client_data = this;
  errors.error_exit = on_error;
  errors.emit_message = on_message;
  progress.progress_monitor = on_progress;
}

bool read_header(Decoder& decoder) {
  if (setjmp(decoder.place)) return false;
  jpeg_create_decompress(&decoder.jpeg);
  decoder.jpeg.progress = &decoder.progress;
  jpeg_mem_src(&decoder.jpeg, decoder.file.data(), decoder.file.size());
  jpeg_read_header(&decoder.jpeg, TRUE);
  return true;
}

bool read_rows(Decoder& decoder, std::uint8_t* out, std::int64_t channels) {
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (setjmp(decoder.place)) return false;
  jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row =
        out + std::size_t{jpeg.output_scanline} * jpeg.output_width * static_cast<std::size_t>(channels);
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

Error damaged(const Decoder& decoder, const std::string& path) {
  if (decoder.code == JWRN_JPEG_EOF || decoder.code == JERR_INPUT_EOF)
    return Error{fmt::format("`{}` is truncated: the file ends before its JPEG image does", path), {}};
  if (decoder.code == JERR_BAD_PROGRESSION)
    return Error{fmt::format("`{}` is a damaged JPEG image: it has too many or impossible scans", path), {}};
  return Error{fmt::format("`{}` is a damaged JPEG image: {}", path, decoder.message.data()), {}};
}

ImageHeader header_of(const Decoder& decoder) {
  return {decoder.jpeg.image_height, decoder.jpeg.image_width, decoder.jpeg.num_components == 1 ? 1 : 3};
}

Status start(Decoder& decoder, const std::string& path) {
  if (!read_header(decoder)) return damaged(decoder, path);
  if (decoder.jpeg.num_components != 1 && decoder.jpeg.num_components != 3)
    return Error{
        fmt::format("`{}` is a JPEG image of {} channels{}, expected grey or red, green and blue", path,
                    decoder.jpeg.num_components, decoder.jpeg.num_components == 4 ? " (CMYK)" : ""),
        {"save it anew in one of these"}};
  const ImageHeader header = header_of(decoder);
  if (Status status = test_image_size(header, path); !status) return status;
  // Before anything is allocated for it.
  if (static_cast<std::size_t>(header.height * header.width) / kMostPixelsAByte > decoder.file.size())
    return Error{
        fmt::format("`{}` is damaged: its header says {} x {} pixels, more than its {} bytes can hold", path,
                    with_commas(header.width), with_commas(header.height),
                    with_commas(static_cast<std::int64_t>(decoder.file.size()))),
        {}};
  return Done{};
}

Result<ImageHeader> parse_jpeg_header(std::span<const std::uint8_t> file, const std::string& path) {
  Decoder decoder(file);
  if (Status status = start(decoder, path); !status) return status.error();
  return header_of(decoder);
}

Result<Image> decode_jpeg(std::span<const std::uint8_t> file, const std::string& path) {
  Decoder decoder(file);
  if (Status status = start(decoder, path); !status) return status.error();
  Image image{header_of(decoder), {}};
  const auto [height, width, channels] = image.header;
  image.pixels.resize(static_cast<std::size_t>(height * width * channels));
  if (!read_rows(decoder, image.pixels.data(), channels)) return damaged(decoder, path);
  return image;
}

}  // namespace

const ImageFormat kJpeg{{0xff, 0xd8, 0xff}, parse_jpeg_header, decode_jpeg};

}  // namespace netc::runtime

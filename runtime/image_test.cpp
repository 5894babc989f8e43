#include "runtime/image.h"

#include <gtest/gtest.h>

#include "runtime/hash.h"
#include "runtime/image_files.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

using Pixels = std::vector<std::uint8_t>;

std::span<const std::uint8_t> bytes_of(const std::string& file) {
  return {reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
}

Image decoded(const std::string& file) {
  Result<Image> image = decode_image(bytes_of(file), "x");
  EXPECT_TRUE(image) << image.error().message;
  if (!image) return {};
  Result<ImageHeader> header = parse_image_header(bytes_of(file), "x");
  EXPECT_TRUE(header && header->height == image->header.height && header->width == image->header.width &&
              header->channels == image->header.channels);
  return std::move(*image);
}

// What decoding says; `in_header`: the header alone is enough to see it.
std::string error_of(const std::string& file, bool in_header) {
  Result<Image> image = decode_image(bytes_of(file), "x");
  if (image) return "no error";
  Result<ImageHeader> header = parse_image_header(bytes_of(file), "x");
  EXPECT_EQ(!header, in_header);
  if (!header) {
    EXPECT_EQ(header.error().message, image.error().message);
  }
  return image.error().message;
}

Image made(std::int64_t height, std::int64_t width, std::int64_t channels) {
  return {{height, width, channels}, pattern(height, width, channels)};
}

TEST(Png, EveryKindOfPixelsIsRead) {
  const Image grey = made(3, 4, 1), colour = made(3, 4, 3);
  EXPECT_EQ(decoded(make_png(grey)).pixels, grey.pixels);
  const Image image = decoded(make_png(colour));
  EXPECT_EQ(image.pixels, colour.pixels);
  EXPECT_EQ(image.header.height, 3);
  EXPECT_EQ(image.header.width, 4);
  EXPECT_EQ(image.header.channels, 3);
  // One bit, 16 bits: 0x1234 of 0xffff is 18.2 of 255.
  EXPECT_EQ(decoded(make_png(1, 9, 1, 0, "\xa5\x80")).pixels, (Pixels{255, 0, 255, 0, 0, 255, 0, 255, 255}));
  EXPECT_EQ(decoded(make_png(1, 2, 16, 0, "\x12\x34\xff\xff")).pixels, (Pixels{18, 255}));
  // A palette of two colours.
  const std::string palette = png_chunk("PLTE", "\x01\x02\x03\x0a\x0b\x0c");
  EXPECT_EQ(decoded(make_png(1, 2, 8, 3, std::string("\1\0", 2), palette)).pixels,
            (Pixels{10, 11, 12, 1, 2, 3}));
}

TEST(Png, WhatIsTransparentIsLaidOverWhite) {
  EXPECT_EQ(decoded(make_png(1, 3, 8, 4, std::string("\x64\xff\x64\x80\x64\0", 6))).pixels,
            (Pixels{100, 177, 255}));
  EXPECT_EQ(decoded(make_png(1, 2, 8, 6, std::string("\x0a\x14\x1e\xff\x0a\x14\x1e\0", 8))).pixels,
            (Pixels{10, 20, 30, 255, 255, 255}));
  // A colour of the palette may be transparent, too.
  const std::string palette =
      png_chunk("PLTE", "\x01\x02\x03\x0a\x0b\x0c") + png_chunk("tRNS", std::string(1, '\0'));
  EXPECT_EQ(decoded(make_png(1, 2, 8, 3, std::string("\1\0", 2), palette)).pixels,
            (Pixels{10, 11, 12, 255, 255, 255}));
}

TEST(Png, SaysWhatIsWrong) {
  const std::string good = make_png(made(30, 40, 3));
  EXPECT_EQ(error_of(good.substr(0, 20), true), "`x` is truncated: the file ends before its PNG image does");
  EXPECT_EQ(error_of(good.substr(0, good.size() / 2), false),
            "`x` is truncated: the file ends before its PNG image does");
  EXPECT_EQ(error_of(good.substr(0, good.size() - 12), false),
            "`x` is truncated: the file ends before its PNG image does");
  std::string flipped = good;
  flipped[18] ^= 1;
  EXPECT_EQ(error_of(flipped, true), "`x` is a damaged PNG image: IHDR: CRC error");
  flipped = good;
  flipped[good.size() - 13] ^= 1;
  EXPECT_EQ(error_of(flipped, false), "`x` is a damaged PNG image: IDAT: CRC error");
  EXPECT_EQ(error_of(good.substr(0, 8) + good.substr(33), true),
            "`x` is a damaged PNG image: IDAT: Missing IHDR before IDAT");
  // The header's claim alone allocates nothing.
  auto claimed = [](std::uint32_t side) {
    return "\x89PNG\r\n\x1a\n" +
           png_chunk("IHDR", big_endian(side) + big_endian(side) + std::string("\x08\x02\0\0\0", 5)) +
           png_chunk("IDAT", "x");
  };
  EXPECT_EQ(error_of(claimed(8000), true),
            "`x` is damaged: its header says 8,000 x 8,000 pixels, more than its 46 bytes can hold");
  EXPECT_EQ(error_of(claimed(0x7fffffff), true),
            "`x` is too large: its header says 2,147,483,647 x 2,147,483,647 pixels, expected at most "
            "67,108,864 in all");
}

TEST(Jpeg, IsReadAsItWasMeant) {
  // Flat blocks survive the compression.
  Image image{{16, 16, 3}, {}};
  for (int i = 0; i < 256; ++i) image.pixels.insert(image.pixels.end(), {200, 100, 50});
  for (bool progressive : {false, true}) {
    const Image read = decoded(make_jpeg(image, JCS_RGB, progressive));
    ASSERT_EQ(read.pixels.size(), image.pixels.size());
    for (std::size_t i = 0; i < read.pixels.size(); ++i) EXPECT_NEAR(read.pixels[i], image.pixels[i], 2);
  }
  const Image grey{{8, 8, 1}, Pixels(64, 77)};
  EXPECT_EQ(decoded(make_jpeg(grey, JCS_GRAYSCALE)).pixels, grey.pixels);
}

TEST(Jpeg, SaysWhatIsWrong) {
  const std::string good = make_jpeg(made(40, 50, 3), JCS_RGB);
  EXPECT_EQ(error_of(good.substr(0, 50), true), "`x` is truncated: the file ends before its JPEG image does");
  EXPECT_EQ(error_of(good.substr(0, good.size() - 40), false),
            "`x` is truncated: the file ends before its JPEG image does");
  std::string wrong = good;
  for (std::size_t i = good.size() - 300; i < good.size() - 10; ++i) wrong[i] = '\x7f';
  EXPECT_EQ(error_of(wrong, false).substr(0, 28), "`x` is a damaged JPEG image:");
  EXPECT_EQ(error_of(make_jpeg(made(8, 8, 4), JCS_CMYK), true),
            "`x` is a JPEG image of 4 channels (CMYK), expected grey or red, green and blue");
  std::string huge = good;
  const std::size_t frame = huge.find("\xff\xc0");
  huge.replace(frame + 5, 4, "\x1f\x40\x1f\x40");
  EXPECT_EQ(error_of(huge, true), "`x` is damaged: its header says 8,000 x 8,000 pixels, more than its " +
                                      with_commas(static_cast<std::int64_t>(huge.size())) +
                                      " bytes can hold");
}

TEST(Image, IsKnownByItsContent) {
  EXPECT_EQ(error_of("", true), "`x` is empty, expected a PNG or JPEG image");
  EXPECT_EQ(error_of("GIF89a", true), "`x` is neither PNG nor JPEG: it starts with 47 49 46 38");
  EXPECT_EQ(error_of("\xff", true), "`x` is neither PNG nor JPEG: it starts with ff");
}

// Pillow's values, of the same pattern: hashlib.sha256(ImageOps.fit(image, (width, height),
// Image.BILINEAR).tobytes()), and that of image.convert("L").
TEST(Image, FitsAsPillowDoes) {
  struct Case {
    ImageHeader from;
    std::int64_t height, width;
    std::string hash;
  };
  for (const Case& c :
       {Case{{23, 37, 3}, 16, 16, "cf393898f64cc06bf99463217064a3671cd263d5e5760e52a740a974cea221ad"},
        Case{{4, 5, 1}, 7, 9, "ed2b2e01560d32beebf13c4a5849521ba8dcf147cce7388ad3f1e30b2a01bb00"},
        Case{{30, 100, 3}, 8, 8, "a7a24a48f001cac832a7770a7dbe523747a9bb7343bab6a76b94b9a0c3e0a060"},
        Case{{64, 48, 1}, 10, 28, "2d4de1c02e87939bf04495a766b48c085538d6661f982f0d7c4f1e34de7b968a"},
        Case{{12, 12, 3}, 12, 12, "3741d9ecc4d904c7de302cb4a1033bc546ee1ebd7aa8fdb7706bbf59cd64349b"}}) {
    Pixels out(static_cast<std::size_t>(c.height * c.width * c.from.channels));
    fit_image(made(c.from.height, c.from.width, c.from.channels), c.height, c.width, out);
    EXPECT_EQ(hash_of(HashKind::kSha256, out), c.hash) << c.from.height << "x" << c.from.width;
  }
}

TEST(Image, GreyIsAsPillowHasIt) {
  Image image = made(23, 37, 3);
  convert_channels(image, 1);
  EXPECT_EQ(hash_of(HashKind::kSha256, image.pixels),
            "1ece279c5170caf94cd1fc23b089dcefb98fd9cccbe88c3c58941204c2565d1e");
  convert_channels(image, 3);
  EXPECT_EQ(image.pixels.size(), 23u * 37 * 3);
  EXPECT_EQ(image.pixels[3], image.pixels[5]);
}

}  // namespace
}  // namespace netc::runtime

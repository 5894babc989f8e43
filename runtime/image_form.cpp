#include "runtime/image_form.h"

#include <fmt/format.h>

#include <algorithm>

namespace netc::runtime {

Status decode_sample(std::span<const std::uint8_t> file, const std::string& path, const ImageForm& form,
                     std::span<std::uint8_t> out) {
  Result<Image> image = decode_image(file, path);
  if (!image) return image.error();
  const ImageHeader& header = image->header;
  if (!form.fit && (header.height != form.height || header.width != form.width))
    return Error{fmt::format("`{}` has {} x {} pixels, but {} has {} x {}", path, header.width, header.height,
                             form.model, form.width, form.height),
                 {fmt::format("`size={}x{}` (height x width) brings all images to one size", form.height,
                              form.width)}};
  if (!form.convert && header.channels > form.channels)
    return Error{fmt::format("`{}` is in colour, but {} is grey", path, form.model),
                 {"write `grey` or `rgb`"}};
  convert_channels(*image, form.channels);
  if (form.fit) fit_image(*image, form.height, form.width, out);
  else std::ranges::copy(image->pixels, out.begin());
  return Done{};
}

}  // namespace netc::runtime

#pragma once
// Windows that slide over the places of an image or of a sequence: the geometry that convolution and pooling
// share. There is one WindowAxis a direction: height and width, or time.

#include <optional>
#include <vector>

#include "compiler/layers/layer.h"

namespace netc {

// Tap t of window w lies at w * stride + t * dilation - before; what is outside of the input is padding.
struct WindowAxis {
  std::int64_t in = 0;   // places of the input
  std::int64_t out = 0;  // windows
  std::int64_t size = 1, stride = 1, dilation = 1;
  std::int64_t before = 0;  // padding in front

  // From the first tap to the last.
  std::int64_t reach() const { return (size - 1) * dilation + 1; }
  // Some tap of some window is outside.
  bool is_padded() const;
  // Where a tap of a window lies, from the axes of an iteration domain that count windows and taps.
  graph::AffineIndex place(std::uint32_t window, std::uint32_t tap) const;
};
using Windows = std::vector<WindowAxis>;

// The places of one sample, and those of windows.
std::span<const std::int64_t> places(const Shape& shape);
// Taps of one window, all directions together.
std::int64_t taps(const Windows& windows);
// An image or a sequence of the windows' numbers and `channels`.
Shape window_shape(ShapeKind kind, const Windows& windows, std::int64_t channels);

// Parameters of layers, all optional but `size`, which a layer may declare itself: stride (1 by default),
// dilation, pad=same|valid|N. A single number is meant for every direction.
//   valid   no padding: every window is inside (the default)
//   same    as many windows as places divided by the stride, rounded up; an odd rest of the padding goes
//           behind, as in Keras
//   N       N in front and N behind
ParameterDef filters_parameter();  // how many channels the output has
ParameterDef size_parameter(bool required);
ParameterDef stride_parameter();
ParameterDef dilation_parameter();
ParameterDef pad_parameter();

// The windows of a layer whose arguments fit its input. `default_size` and `default_stride` stand for
// arguments that are not given; a stride of 0 is the size.
Windows windows_of(const Layer& layer, std::int64_t default_size = 1, std::int64_t default_stride = 1);

// Whether they do fit: each argument has one number a direction or one for all, and the window is no larger
// than the padded input.
bool check_windows(const ShapeContext& context, std::int64_t default_size = 1,
                   std::int64_t default_stride = 1);
// Whether each of these arguments has one number or one a direction.
bool check_directions(const ShapeContext& context, std::initializer_list<std::string_view> names);

// Whether the input is of the kind; else an error that shows both places.
bool require_image(const ShapeContext& context);
bool require_sequence(const ShapeContext& context);
bool require_image_or_sequence(const ShapeContext& context);

// An iteration domain, whose axes are added one by one.
struct Domain {
  graph::Extents extents;

  std::uint32_t add(std::int64_t extent) {
    extents.push_back(extent);
    return static_cast<std::uint32_t>(extents.size() - 1);
  }
  // One axis for each of them.
  std::vector<std::uint32_t> add_windows(const Windows& windows);
  std::vector<std::uint32_t> add_taps(const Windows& windows);
};

}  // namespace netc

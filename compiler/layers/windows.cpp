#include "compiler/layers/windows.h"

#include <algorithm>

#include <fmt/ranges.h>

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string> kNeedsImage{"needs-image",
                                                                    "`{}` needs an image, but gets {}"};
constexpr DiagnosticKind<std::string_view, std::string> kNeedsSequence{"needs-sequence",
                                                                       "`{}` needs a sequence, but gets {}"};
constexpr DiagnosticKind<std::string_view, std::string> kNeedsPlaces{
    "needs-places", "`{}` needs an image or a sequence, but gets {}"};
constexpr DiagnosticKind<std::string_view, std::string, std::size_t> kWrongDirections{
    "wrong-directions", "`{}` takes {}, not {}"};
constexpr DiagnosticKind<std::string, std::string, std::string_view> kWindowTooLarge{
    "window-too-large", "a window of {} is larger than {}{}"};

// Far beyond use, and small enough that nothing overflows.
constexpr double kMaxWindow = 10000;

ParameterDef extents_parameter(std::string_view name, double minimum) {
  return {.name = name, .kind = ValueKind::kExtents, .minimum = minimum, .maximum = kMaxWindow, .words = {}};
}

std::size_t directions(const Shape& shape) { return shape.extents.size() - 1; }

// The argument in one direction.
std::int64_t along(const std::vector<std::int64_t>& given, std::size_t direction, std::int64_t otherwise) {
  return given.empty() ? otherwise : given.size() == 1 ? given[0] : given[direction];
}

// Padding in front and behind.
std::pair<std::int64_t, std::int64_t> padding(const Layer& layer, const WindowAxis& axis,
                                              std::size_t direction) {
  if (layer.arguments.word("pad", "") == "same") {
    const std::int64_t windows = (axis.in + axis.stride - 1) / axis.stride;
    const std::int64_t all = std::max<std::int64_t>(0, (windows - 1) * axis.stride + axis.reach() - axis.in);
    return {all / 2, all - all / 2};
  }
  const std::int64_t each = along(layer.arguments.extents("pad"), direction, 0);
  return {each, each};
}

template <typename Kind>
bool report_kind(const ShapeContext& context, const Kind& kind, const std::string& hint) {
  context.diagnostics.error(kind, context.layer.name_span, context.layer.def->name, describe(context.input))
      .caret("and this cannot take it")
      .label(context.input_made_at, "this makes " + describe(context.input))
      .hint(hint);
  return false;
}

// What would make an image of it.
std::string image_hint(const Shape& input) {
  if (input.kind == ShapeKind::kSequence)
    return fmt::format("put `reshape {}x1` before it to make an image of one channel", print(input));
  return "put `reshape 7x7x64`, say, before it: height, width and channels";
}

}  // namespace

bool WindowAxis::is_padded() const { return before > 0 || (out - 1) * stride + reach() - before > in; }

graph::AffineIndex WindowAxis::place(std::uint32_t window, std::uint32_t tap) const {
  graph::AffineIndex entry{.offset = -before, .terms = {{window, stride}}};
  if (size > 1) entry.terms.push_back({tap, dilation});
  return entry;
}

std::span<const std::int64_t> places(const Shape& shape) {
  return std::span(shape.extents).first(directions(shape));
}

std::int64_t taps(const Windows& windows) {
  std::int64_t count = 1;
  for (const WindowAxis& axis : windows) count = saturating_multiply(count, axis.size);
  return count;
}

Shape window_shape(ShapeKind kind, const Windows& windows, std::int64_t channels) {
  Shape shape{kind, {}};
  for (const WindowAxis& axis : windows) shape.extents.push_back(axis.out);
  shape.extents.push_back(channels);
  return shape;
}

ParameterDef filters_parameter() {
  return {.name = "filters",
          .kind = ValueKind::kCount,
          .positional = true,
          .required = true,
          .minimum = 1,
          .words = {}};
}

ParameterDef size_parameter(bool required) {
  ParameterDef parameter = extents_parameter("size", 1);
  parameter.positional = true;
  parameter.required = required;
  return parameter;
}

ParameterDef stride_parameter() { return extents_parameter("stride", 1); }

ParameterDef dilation_parameter() { return extents_parameter("dilation", 1); }

ParameterDef pad_parameter() {
  ParameterDef parameter = extents_parameter("pad", 0);
  parameter.words = {"same", "valid"};
  return parameter;
}

Windows windows_of(const Layer& layer, std::int64_t default_size, std::int64_t default_stride) {
  const Arguments& arguments = layer.arguments;
  Windows windows;
  for (std::size_t i = 0; i < directions(layer.input); ++i) {
    WindowAxis axis{.in = layer.input.extents[i]};
    axis.size = along(arguments.extents("size"), i, default_size);
    axis.stride = along(arguments.extents("stride"), i, default_stride == 0 ? axis.size : default_stride);
    axis.dilation = along(arguments.extents("dilation"), i, 1);
    const auto [before, behind] = padding(layer, axis, i);
    axis.before = before;
    const std::int64_t room = axis.in + before + behind - axis.reach();
    axis.out = room < 0 ? 0 : room / axis.stride + 1;
    windows.push_back(axis);
  }
  return windows;
}

bool check_directions(const ShapeContext& context, std::initializer_list<std::string_view> names) {
  const std::size_t wanted = directions(context.input);
  bool good = true;
  for (std::string_view name : names) {
    const std::size_t given = context.layer.arguments.extents(name).size();
    if (given <= 1 || given == wanted) continue;
    context.diagnostics
        .error(kWrongDirections, context.layer.arguments.span(name, context.layer.span), name,
               wanted == 1 ? "one number" : "one number, or height and width", given)
        .label(context.input_made_at, "this makes " + describe(context.input));
    good = false;
  }
  return good;
}

bool check_windows(const ShapeContext& context, std::int64_t default_size, std::int64_t default_stride) {
  if (!check_directions(context, {"size", "stride", "dilation", "pad"})) return false;
  const Windows windows = windows_of(context.layer, default_size, default_stride);
  if (std::ranges::all_of(windows, [](const WindowAxis& axis) { return axis.out > 0; })) return true;
  std::vector<std::int64_t> reach;
  for (const WindowAxis& axis : windows) reach.push_back(axis.reach());
  const bool padded = !context.layer.arguments.extents("pad").empty();
  context.diagnostics
      .error(kWindowTooLarge, context.layer.arguments.span("size", context.layer.name_span),
             fmt::format("{}", fmt::join(reach, "x")), describe(context.input),
             padded ? ", padding included" : "")
      .label(context.input_made_at, "this makes " + describe(context.input))
      .hint("`pad=same` pads as much as is needed");
  return false;
}

bool require_image(const ShapeContext& context) {
  if (context.input.kind == ShapeKind::kImage) return true;
  return report_kind(context, kNeedsImage, image_hint(context.input));
}

bool require_sequence(const ShapeContext& context) {
  if (context.input.kind == ShapeKind::kSequence) return true;
  return report_kind(context, kNeedsSequence,
                     fmt::format("put `reshape {}x1` before it to make a sequence of single numbers",
                                 context.input.elements()));
}

bool require_image_or_sequence(const ShapeContext& context) {
  const ShapeKind kind = context.input.kind;
  if (kind == ShapeKind::kImage || kind == ShapeKind::kSequence) return true;
  return report_kind(context, kNeedsPlaces, image_hint(context.input));
}

std::vector<std::uint32_t> Domain::add_windows(const Windows& windows) {
  std::vector<std::uint32_t> axes;
  for (const WindowAxis& axis : windows) axes.push_back(add(axis.out));
  return axes;
}

std::vector<std::uint32_t> Domain::add_taps(const Windows& windows) {
  std::vector<std::uint32_t> axes;
  for (const WindowAxis& axis : windows) axes.push_back(add(axis.size));
  return axes;
}

}  // namespace netc

#include "compiler/layers/convolution.h"

#include "compiler/layers/weights.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::int64_t, std::int64_t, std::string_view> kGroupsDoNotDivide{
    "groups-do-not-divide", "`groups={}` does not divide {}{}"};

std::int64_t groups_of(const Layer& layer) { return layer.arguments.count("groups", 1); }

// An entry that selects channel `inner` of group `outer`.
graph::AffineIndex channel(std::optional<std::uint32_t> group, std::int64_t group_size,
                           std::optional<std::uint32_t> inner) {
  graph::AffineIndex entry;
  if (group) entry.terms.push_back({*group, group_size});
  if (inner) entry.terms.push_back({*inner, 1});
  return entry;
}

bool check_groups(const ShapeContext& context) {
  const std::int64_t groups = groups_of(context.layer), inputs = context.input.channels();
  const std::int64_t outputs = context.layer.arguments.count("filters", 0);
  const Span place = context.layer.arguments.span("groups", context.layer.span);
  if (inputs % groups != 0) {
    context.diagnostics.error(kGroupsDoNotDivide, place, groups, inputs, " channels of the input")
        .label(context.input_made_at, "this makes " + describe(context.input));
    return false;
  }
  if (outputs % groups != 0) {
    context.diagnostics.error(kGroupsDoNotDivide, place, groups, outputs, " filters");
    return false;
  }
  return true;
}

}  // namespace

graph::ValueId convolve(graph::Builder& builder, graph::ValueId x, graph::ValueId weight,
                        const Windows& windows, std::int64_t groups) {
  const graph::Extents &in = builder.type(x).extents, &taps_extents = builder.type(weight).extents;
  const std::int64_t inputs = in.back() / groups, outputs = taps_extents.back() / groups;
  Domain domain;
  const std::uint32_t batch = domain.add(in[0]);
  const std::vector<std::uint32_t> window_axes = domain.add_windows(windows);
  std::optional<std::uint32_t> group, to, from;
  if (groups > 1) group = domain.add(groups);
  if (groups == 1 || outputs > 1) to = domain.add(outputs);
  const std::vector<std::uint32_t> tap_axes = domain.add_taps(windows);
  if (groups == 1 || inputs > 1) from = domain.add(inputs);

  const graph::AffineIndex first = graph::axes_map(std::array{batch})[0];
  graph::Contract contract{.domain = {}, .a = {first}, .b = graph::axes_map(tap_axes), .result = {first}};
  graph::Extents result{in[0]};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    contract.a.push_back(windows[i].place(window_axes[i], tap_axes[i]));
    contract.result.push_back(graph::axes_map(std::array{window_axes[i]})[0]);
    result.push_back(windows[i].out);
  }
  contract.domain = std::move(domain.extents);
  contract.a.push_back(channel(group, inputs, from));
  contract.b.push_back(channel({}, 0, from));
  contract.b.push_back(channel(group, outputs, to));
  contract.result.push_back(contract.b.back());
  result.push_back(outputs * groups);
  return builder.contract(x, weight, std::move(contract), std::move(result));
}

graph::Extents weight_extents(const Windows& windows, std::int64_t inputs, std::int64_t outputs) {
  graph::Extents extents;
  for (const WindowAxis& axis : windows) extents.push_back(axis.size);
  extents.push_back(inputs);
  extents.push_back(outputs);
  return extents;
}

std::vector<ParameterDef> convolution_parameters() {
  return with_weight_parameters({filters_parameter(),
                                 size_parameter(true),
                                 stride_parameter(),
                                 dilation_parameter(),
                                 pad_parameter(),
                                 {.name = "groups", .kind = ValueKind::kCount, .minimum = 1, .words = {}}});
}

std::optional<Shape> convolution_shape(const ShapeContext& context) {
  if (!check_windows(context) || !check_groups(context)) return std::nullopt;
  return window_shape(context.input.kind, windows_of(context.layer),
                      context.layer.arguments.count("filters", 0));
}

graph::ValueId build_convolution(const BuildContext& context, const Layer& layer, graph::ValueId input) {
  const Windows windows = windows_of(layer);
  const std::int64_t groups = groups_of(layer), each = taps(windows);
  const std::int64_t inputs = layer.input.channels() / groups, outputs = layer.output.channels();
  graph::ValueId weight = add_weight(context, layer, "weight", weight_extents(windows, inputs, outputs),
                                     {each * inputs, each * outputs / groups});
  std::optional<graph::ValueId> bias = add_bias(context, layer);
  return plus_bias(context.builder, convolve(context.builder, input, weight, windows, groups), bias);
}

std::int64_t convolution_parameters_count(const Layer& layer) {
  const std::int64_t inputs = layer.input.channels() / groups_of(layer);
  return saturating_add(product(std::array{taps(windows_of(layer)), inputs, layer.output.channels()}),
                        bias_count(layer));
}

std::int64_t convolution_flops(const Layer& layer) {
  const std::int64_t inputs = layer.input.channels() / groups_of(layer);
  return product(std::array{std::int64_t{2}, layer.output.elements(), taps(windows_of(layer)), inputs});
}

}  // namespace netc

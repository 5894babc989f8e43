#include "compiler/layers/weights.h"

#include <cmath>

#include "compiler/support/check.h"

namespace netc {
namespace {

using Kind = graph::Initializer::Kind;

// Keras' defaults, where it has them.
constexpr InitializerName kNames[] = {{.name = "glorot"},
                                      {.name = "he"},
                                      {.name = "lecun"},
                                      {.name = "orthogonal", .takes_number = true, .number = 1},
                                      {.name = "normal", .takes_number = true, .number = 0.05},
                                      {.name = "uniform", .takes_number = true, .number = 0.05},
                                      {.name = "zeros"},
                                      {.name = "constant", .takes_number = true}};

// Uniform numbers with that variance.
graph::Initializer uniform(double variance) { return {Kind::kUniform, std::sqrt(3 * variance)}; }

graph::Initializer chosen(const InitChoice& choice, double in, double out) {
  if (choice.name == "glorot") return uniform(2 / (in + out));
  if (choice.name == "he") return uniform(2 / in);
  if (choice.name == "lecun") return uniform(1 / in);
  if (choice.name == "orthogonal") return {Kind::kOrthogonal, choice.number};
  if (choice.name == "normal") return {Kind::kNormal, choice.number};
  if (choice.name == "uniform") return {Kind::kUniform, choice.number};
  if (choice.name == "zeros") return {Kind::kConstant, 0};
  NETC_CHECK(choice.name == "constant", "an initializer without a meaning");
  return {Kind::kConstant, choice.number};
}

}  // namespace

std::span<const InitializerName> initializer_names() { return kNames; }

graph::Initializer initial_weights(const Layer& layer, Fans fans) {
  const auto in = static_cast<double>(fans.in), out = static_cast<double>(fans.out);
  auto given = layer.arguments.values.find("init");
  if (given != layer.arguments.values.end()) return chosen(std::get<InitChoice>(given->second), in, out);
  return {Kind::kUniform, (layer.activation ? gain(*layer.activation) : 1) * std::sqrt(3.0 / in)};
}

graph::ValueId add_weight(const BuildContext& context, const Layer& layer, std::string_view name,
                          graph::Extents extents, Fans fans) {
  return context.builder.parameter(layer.name + "." + std::string(name), std::move(extents),
                                   initial_weights(layer, fans));
}

std::optional<graph::ValueId> add_bias(const BuildContext& context, const Layer& layer) {
  if (layer.arguments.has("no_bias")) return std::nullopt;
  return context.builder.parameter(layer.name + ".bias", {layer.output.channels()}, {Kind::kConstant, 0});
}

std::int64_t bias_count(const Layer& layer) {
  return layer.arguments.has("no_bias") ? 0 : layer.output.channels();
}

graph::ValueId plus_bias(graph::Builder& builder, graph::ValueId value, std::optional<graph::ValueId> bias) {
  if (!bias) return value;
  const graph::Extents extents = builder.type(value).extents;
  const auto last = static_cast<std::uint32_t>(extents.size() - 1);
  graph::ScalarExpr sum;
  sum.root = sum.pool.binary(graph::ScalarOp::kAdd, sum.pool.operand(0), sum.pool.operand(1));
  return builder.map(std::move(sum), extents, {value, *bias},
                     {graph::identity_map(extents.size()), graph::axes_map(std::array{last})});
}

ParameterDef freeze_parameter() { return {.name = "freeze", .kind = ValueKind::kFlag, .words = {}}; }

bool is_frozen(const Layer& layer) { return layer.arguments.has("freeze"); }

std::vector<ParameterDef> with_weight_parameters(std::vector<ParameterDef> own) {
  own.push_back({.name = "init", .kind = ValueKind::kInit, .words = {}});
  own.push_back({.name = "no_bias", .kind = ValueKind::kFlag, .words = {}});
  own.push_back({.name = "l1", .kind = ValueKind::kNumber, .words = {}});
  own.push_back({.name = "l2", .kind = ValueKind::kNumber, .words = {}});
  own.push_back(freeze_parameter());
  return own;
}

}  // namespace netc

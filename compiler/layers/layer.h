#pragma once
// What a layer is. A kind of layer is one file with one LayerDef, and one line in registry.cpp. The network
// level reads arguments, checks them by the table of parameters, and knows nothing about any layer in
// particular.

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/graph/build.h"
#include "compiler/layers/activation.h"
#include "compiler/layers/shape.h"
#include "compiler/support/diagnostics.h"

namespace netc {

// What a parameter of a layer (or a data source, or a setting) takes.
enum class ValueKind {
  kCount,    // a whole number, at least `minimum`
  kNumber,   // a real number
  kShare,    // a real number in [0, 1), also as a percentage
  kExtents,  // `3x3`; one number n reads as n (a count); or one of `words`, if there are any
  kWord,     // one of `words`
  kText,     // a string
  kFlag,     // a bare word: there or not
  kInit,     // how weights start: `he`, `normal(0.02)`
};

// `normal(0.02)`: a name of initializer_names() (weights.h), and its number.
struct InitChoice {
  std::string name;
  double number = 0;
};

struct ParameterDef {
  std::string_view name;  // its key; a positional parameter is filled in order by arguments without a key
  ValueKind kind = ValueKind::kCount;
  bool positional = false;
  bool required = false;
  double minimum = 0;                   // kCount, kNumber, kExtents
  double maximum = 1e15;                // kCount, kNumber, kExtents
  std::vector<std::string_view> words;  // kWord, kExtents
};

using ArgumentValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, InitChoice>;

// Arguments after checking: those given, by parameter name.
struct Arguments {
  std::map<std::string, ArgumentValue, std::less<>> values;
  std::map<std::string, Span, std::less<>> spans;

  bool has(std::string_view name) const { return values.contains(name); }
  std::int64_t count(std::string_view name, std::int64_t otherwise) const;
  double number(std::string_view name, double otherwise) const;
  std::string word(std::string_view name, std::string_view otherwise) const;
  // Empty where they are not given, or given as a word.
  std::vector<std::int64_t> extents(std::string_view name) const;
  Span span(std::string_view name, Span otherwise) const;
};

struct LayerDef;

// A layer of a network: typed, with arguments checked.
struct Layer {
  const LayerDef* def = nullptr;
  std::string name;  // unique: kind and number, `dense_1`; prefixes its tensors' names and random streams
  Arguments arguments;
  std::optional<Activation> activation;  // the last word of the layer
  Shape input, output;
  // Which layers feed it, or kNetworkInput: one, or with blocks what they make.
  std::vector<std::size_t> inputs;
  Span span;  // the whole statement, or what stands before its blocks
  Span name_span;
  std::string text;  // as written, on one line: `dense 128 relu`, `residual {...} relu`
};
constexpr std::size_t kNetworkInput = std::numeric_limits<std::size_t>::max();

// What a layer needs to build itself.
struct BuildContext {
  graph::Builder& builder;
  graph::ValueId step;   // rank 0, i32: keys random numbers
  graph::ValueId count;  // rank 0, i32: how many samples the batch has; those behind take no part
  std::int64_t batch = 0;
  bool training = false;  // dropout and the like act only then

  // [batch, ...shape]
  graph::Extents batch_of(const Shape& shape) const;
};

struct ShapeContext {
  const Shape& input;
  const Layer& layer;  // output is not known yet
  Span input_made_at;  // what made the input: the layer before, or `data`
  Diagnostics& diagnostics;
};

// A value that a layer with blocks joins, and what made it.
struct Joined {
  Shape shape;
  Span made_at;
};

struct JoinContext {
  std::span<const Joined> inputs;
  const Layer& layer;  // output is not known yet
  Diagnostics& diagnostics;
};

// A layer with blocks. Each block gets the layer's input; the layer joins what they make.
struct JoinDef {
  std::size_t fewest_blocks = 1, most_blocks = 1;
  bool with_input = false;  // the layer's input is joined too, and comes first
  // The output's shape; empty after an error.
  std::optional<Shape> (*shape)(const JoinContext&) = nullptr;
  graph::ValueId (*build)(const BuildContext&, const Layer&,
                          std::span<const graph::ValueId> inputs) = nullptr;
};

struct LayerDef {
  std::string_view name;
  std::vector<ParameterDef> parameters;
  bool takes_activation = true;
  // The output's shape; empty after an error.
  std::optional<Shape> (*shape)(const ShapeContext&) = nullptr;
  // Adds the layer's primitives, without its activation. `input` is [batch, ...shape]; so is the result.
  graph::ValueId (*build)(const BuildContext&, const Layer&, graph::ValueId input) = nullptr;
  // Trained parameters and multiply-adds times two of one sample, without the activation.
  std::int64_t (*parameters_count)(const Layer&) = [](const Layer&) { return std::int64_t{0}; };
  std::int64_t (*flops)(const Layer&) = [](const Layer&) { return std::int64_t{0}; };
  // In place of `shape` and `build`, for a layer with blocks.
  std::optional<JoinDef> join = std::nullopt;
};

std::span<const LayerDef* const> layer_registry();
const LayerDef* find_layer(std::string_view name);
// What an activation that stands as a layer of its own (`relu`) has as its def: no parameters, the shape of
// its input, nothing to build but the activation. Not in the registry, since no name in a program means it.
const LayerDef& activation_layer();
// Layers of the language that are not built yet (`conv`, `lstm`, ...): using one is an error that says so,
// never `no such layer`.
std::span<const std::string_view> planned_layers();

// Applies a layer's activation (learned parameters become graph parameters of [channels], named
// `<layer>.<activation>.<name>`).
graph::ValueId build_activation(const BuildContext&, const Activation&, const std::string& layer_name,
                                graph::ValueId input);

// Adds all layers, in order, with their activations; returns what the last one makes. `input` is [batch,
// ...shape].
graph::ValueId build_layers(const BuildContext&, std::span<const Layer> layers, graph::ValueId input);

}  // namespace netc

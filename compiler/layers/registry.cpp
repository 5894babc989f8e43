#include <algorithm>
#include <array>

#include "compiler/layers/layer.h"

// One line a layer.
#define NETC_LAYERS(LAYER) \
  LAYER(batchnorm)         \
  LAYER(branch)            \
  LAYER(conv)              \
  LAYER(conv1d)            \
  LAYER(conv_transpose)    \
  LAYER(dense)             \
  LAYER(depthwise)         \
  LAYER(dropout)           \
  LAYER(flatten)           \
  LAYER(global_pool)       \
  LAYER(groupnorm)         \
  LAYER(layernorm)         \
  LAYER(noise)             \
  LAYER(pad)               \
  LAYER(pool)              \
  LAYER(reshape)           \
  LAYER(residual)          \
  LAYER(rmsnorm)           \
  LAYER(separable)         \
  LAYER(spatial_dropout)   \
  LAYER(upsample)

namespace netc {

#define NETC_DECLARE(name) extern const LayerDef name##_layer;
NETC_LAYERS(NETC_DECLARE)
#undef NETC_DECLARE

namespace {

#define NETC_ROW(name) &name##_layer,
constexpr const LayerDef* kLayers[] = {NETC_LAYERS(NETC_ROW)};
#undef NETC_ROW

constexpr std::array<std::string_view, 7> kPlanned{"rnn",   "lstm",      "gru",      "bidirectional",
                                                   "embed", "attention", "positions"};

}  // namespace

std::span<const LayerDef* const> layer_registry() { return kLayers; }

const LayerDef* find_layer(std::string_view name) {
  auto found = std::ranges::find(kLayers, name, &LayerDef::name);
  return found == std::end(kLayers) ? nullptr : *found;
}

std::span<const std::string_view> planned_layers() { return kPlanned; }

}  // namespace netc

#include <algorithm>
#include <array>

#include "compiler/layers/layer.h"

// One line a layer.
#define NETC_LAYERS(LAYER) \
  LAYER(dense)             \
  LAYER(dropout)           \
  LAYER(flatten)

namespace netc {

#define NETC_DECLARE(name) extern const LayerDef name##_layer;
NETC_LAYERS(NETC_DECLARE)
#undef NETC_DECLARE

namespace {

#define NETC_ROW(name) &name##_layer,
constexpr const LayerDef* kLayers[] = {NETC_LAYERS(NETC_ROW)};
#undef NETC_ROW

constexpr std::array<std::string_view, 25> kPlanned{"conv",
                                                    "depthwise",
                                                    "separable",
                                                    "conv1d",
                                                    "conv_transpose",
                                                    "pool",
                                                    "global_pool",
                                                    "reshape",
                                                    "spatial_dropout",
                                                    "noise",
                                                    "batchnorm",
                                                    "layernorm",
                                                    "rmsnorm",
                                                    "groupnorm",
                                                    "rnn",
                                                    "lstm",
                                                    "gru",
                                                    "bidirectional",
                                                    "embed",
                                                    "attention",
                                                    "positions",
                                                    "residual",
                                                    "branch",
                                                    "pad",
                                                    "upsample"};

}  // namespace

std::span<const LayerDef* const> layer_registry() { return kLayers; }

const LayerDef* find_layer(std::string_view name) {
  auto found = std::ranges::find(kLayers, name, &LayerDef::name);
  return found == std::end(kLayers) ? nullptr : *found;
}

std::span<const std::string_view> planned_layers() { return kPlanned; }

}  // namespace netc

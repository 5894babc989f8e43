#include "compiler/layers/convolution.h"

// conv1d FILTERS SIZE [stride= dilation= pad= groups=]: `conv` along the time of a sequence.
//   <name>.weight [size, in / groups, out], <name>.bias [out]
// PyTorch's Conv1d has the weight as [out, in / groups, size], and sequences as [batch, in, time] where netc
// has [batch, time, in].

namespace netc {

extern const LayerDef conv1d_layer;
const LayerDef conv1d_layer{
    .name = "conv1d",
    .parameters = convolution_parameters(),
    .shape =
        [](const ShapeContext& context) {
          return require_sequence(context) ? convolution_shape(context) : std::nullopt;
        },
    .build = build_convolution,
    .parameters_count = convolution_parameters_count,
    .flops = convolution_flops,
};

}  // namespace netc

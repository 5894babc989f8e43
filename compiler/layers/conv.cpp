#include "compiler/layers/convolution.h"

// conv FILTERS SIZE [stride= dilation= pad= groups=]: each output is a weighted sum over a window of the
// image, with the same weights everywhere.
//   <name>.weight [height, width, in / groups, out], <name>.bias [out]
// PyTorch's Conv2d has the weight as [out, in / groups, height, width], and images as [batch, in, height,
// width] where netc has [batch, height, width, in].

namespace netc {

extern const LayerDef conv_layer;
const LayerDef conv_layer{
    .name = "conv",
    .parameters = convolution_parameters(),
    .shape =
        [](const ShapeContext& context) {
          return require_image(context) ? convolution_shape(context) : std::nullopt;
        },
    .build = build_convolution,
    .parameters_count = convolution_parameters_count,
    .flops = convolution_flops,
};

}  // namespace netc

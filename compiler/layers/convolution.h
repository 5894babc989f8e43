#pragma once
// Convolution as one contraction: what conv, conv1d, depthwise and separable share. Nothing is padded or
// copied: a tap outside of the input reads 0.

#include "compiler/layers/windows.h"

namespace netc {

// x: [batch, places..., c_in], weight: [taps..., c_in / groups, c_out] -> [batch, windows..., c_out]
// Group i of the outputs is made of group i of the inputs. The domain is (batch, windows, outputs, taps,
// inputs), or with groups (batch, windows, group, outputs, taps, inputs), where the outputs and inputs of a
// group have no axis if there is one each: a depthwise convolution is a sum over its taps.
graph::ValueId convolve(graph::Builder& builder, graph::ValueId x, graph::ValueId weight,
                        const Windows& windows, std::int64_t groups);

// Extents of the weights of such a convolution: [taps..., c_in / groups, c_out].
graph::Extents weight_extents(const Windows& windows, std::int64_t inputs, std::int64_t outputs);

// The layers `conv` and `conv1d`, which differ in the number of directions only.
std::vector<ParameterDef> convolution_parameters();
std::optional<Shape> convolution_shape(const ShapeContext& context);
graph::ValueId build_convolution(const BuildContext& context, const Layer& layer, graph::ValueId input);
std::int64_t convolution_parameters_count(const Layer& layer);
std::int64_t convolution_flops(const Layer& layer);

}  // namespace netc

#pragma once
// The convolutions that `./dev bench convolutions` times: x [batch, places, places, inputs],
// w [taps, taps, inputs / groups, outputs].

#include <cstdint>
#include <string_view>

namespace netc::bench {

struct ConvolutionShape {
  std::string_view network;
  std::int64_t batch, places, inputs, outputs, taps;
  std::int64_t stride = 1, pad = 0, groups = 1;

  std::int64_t windows() const { return (places + 2 * pad - taps) / stride + 1; }
};

// Each kind of layer that the networks have, at batch 1, 8 and 64; few at the sizes that take long.
constexpr ConvolutionShape kConvolutions[] = {
    // The second one of a small network for MNIST.
    {"mnist", 64, 13, 32, 64, 3},
    {"lenet", 1, 28, 1, 6, 5, 1, 2},
    {"lenet", 1, 14, 6, 16, 5},
    {"lenet", 8, 28, 1, 6, 5, 1, 2},
    {"lenet", 8, 14, 6, 16, 5},
    {"lenet", 64, 28, 1, 6, 5, 1, 2},
    {"lenet", 64, 14, 6, 16, 5},
    // Its strided ones halve the image; those of 1x1 are its shortcuts.
    {"resnet18", 1, 224, 3, 64, 7, 2, 3},
    {"resnet18", 1, 56, 64, 64, 3, 1, 1},
    {"resnet18", 1, 56, 64, 128, 3, 2, 1},
    {"resnet18", 1, 56, 64, 128, 1, 2},
    {"resnet18", 1, 28, 128, 128, 3, 1, 1},
    {"resnet18", 1, 14, 256, 256, 3, 1, 1},
    {"resnet18", 1, 14, 256, 512, 3, 2, 1},
    {"resnet18", 1, 7, 512, 512, 3, 1, 1},
    {"resnet18", 8, 56, 64, 64, 3, 1, 1},
    {"resnet18", 8, 28, 128, 256, 3, 2, 1},
    {"resnet18", 8, 14, 256, 512, 1, 2},
    {"resnet18", 64, 28, 128, 256, 1, 2},
    {"resnet18", 64, 14, 256, 256, 3, 1, 1},
    {"resnet18", 64, 7, 512, 512, 3, 1, 1},
    // Depthwise and 1x1 in turns, behind a first one like the others'.
    {"mobilenet", 1, 224, 3, 32, 3, 2, 1},
    {"mobilenet", 1, 112, 32, 32, 3, 1, 1, 32},
    {"mobilenet", 1, 112, 32, 64, 1},
    {"mobilenet", 1, 112, 64, 64, 3, 2, 1, 64},
    {"mobilenet", 1, 28, 256, 256, 1},
    {"mobilenet", 1, 14, 512, 512, 3, 1, 1, 512},
    {"mobilenet", 1, 14, 512, 512, 1},
    {"mobilenet", 8, 28, 256, 256, 3, 1, 1, 256},
    {"mobilenet", 8, 7, 1024, 1024, 1},
    {"mobilenet", 64, 14, 512, 512, 3, 1, 1, 512},
    {"mobilenet", 64, 14, 512, 512, 1},
    {"vgg16", 1, 224, 3, 64, 3, 1, 1},
    {"vgg16", 1, 224, 64, 64, 3, 1, 1},
    {"vgg16", 1, 56, 128, 256, 3, 1, 1},
    {"vgg16", 1, 28, 512, 512, 3, 1, 1},
    {"vgg16", 1, 14, 512, 512, 3, 1, 1},
    {"vgg16", 8, 112, 64, 128, 3, 1, 1},
    {"vgg16", 8, 14, 512, 512, 3, 1, 1},
    {"vgg16", 64, 14, 512, 512, 3, 1, 1},
};

}  // namespace netc::bench

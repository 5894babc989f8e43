#pragma once
// The statements that make layers -> typed layers: blocks and repetitions are unrolled here.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/network/values.h"

namespace netc {

struct LayerList {
  std::vector<Layer> layers;
  bool good = true;  // false after an error; then the layers are those before it
};

// `input_made_at`: what says the network's input, `data` or `input`. Without an input, only names and
// arguments are checked.
LayerList build_layers(const Outline& outline, const std::optional<Shape>& input, Span input_made_at,
                       Values& values);

}  // namespace netc

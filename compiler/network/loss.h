#pragma once
// Which loss a network has, and whether its last layer, the loss and the data fit one another.

#include <optional>
#include <string_view>

#include "compiler/network/network.h"
#include "compiler/network/train.h"

namespace netc {

struct LossQuestion {
  const std::optional<WrittenLoss>& written;
  const Layer& last;
  std::optional<std::int64_t> classes;  // 0: a real target; empty: the data does not say it
  std::int64_t targets;                 // how many numbers that is
  Span data;                            // where the data is said, perhaps empty
  const Values& values;
};

struct LossAnswer {
  LossSpec loss;
  std::int64_t classes = 0;
};

// Empty after an error.
std::optional<LossAnswer> find_loss(const LossQuestion& question);

}  // namespace netc

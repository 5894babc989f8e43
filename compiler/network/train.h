#pragma once
// The `train` section and the flags that override it.

#include <optional>

#include "compiler/network/metrics.h"
#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/network/settings.h"
#include "compiler/network/values.h"

namespace netc {

// The loss as the program says it; the default is for the network to find.
struct WrittenLoss {
  ast::Name name;
  graph::ScalarFunction function;
};

struct TrainSection {
  TrainSettings settings;
  // As written, for what can be checked only when the data is known.
  std::optional<Setting> early_stop, reduce_rate;
  std::optional<WrittenLoss> loss;
  std::optional<std::vector<WrittenMetric>> metrics;
  std::optional<Amount> validation, test, limit;
  std::optional<Span> batch_span;
  std::optional<Span> validation_span;  // where the section itself says it
};

// Empty after an error.
std::optional<TrainSection> read_train(const Outline& outline, const Overrides& overrides, Values& values);

}  // namespace netc

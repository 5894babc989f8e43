#pragma once
// `train { metrics accuracy top_k(3) f1 }`: what a test measures.

#include <optional>
#include <vector>

#include "compiler/network/network.h"
#include "compiler/network/settings.h"
#include "compiler/network/values.h"

namespace netc {

struct WrittenMetric {
  runtime::ChosenMetric metric;
  Span span;
};

// Empty after an error.
std::optional<std::vector<WrittenMetric>> read_metrics(const Setting& setting, Values& values);

// Of a network whose loss is known, where it chooses none.
std::vector<runtime::ChosenMetric> standard_metrics(const Network& network);
// Reports metrics that do not suit the network's target or its last layer.
std::vector<runtime::ChosenMetric> choose_metrics(const std::optional<std::vector<WrittenMetric>>& written,
                                                  const Network& network, Diagnostics& diagnostics);

}  // namespace netc

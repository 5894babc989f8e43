#pragma once
// What a network scores on samples with targets.

#include <vector>

#include "compiler/network/network.h"
#include "runtime/report.h"
#include "runtime/trainer.h"

namespace netc::driver {

// Samples 0 to `count` of the set, to which `inference` is then bound: loss, accuracy and the network's
// metrics.
runtime::TestReport test_samples(const Network& network, const runtime::Dataset& data,
                                 const runtime::SampleSet& set, std::int64_t count,
                                 runtime::Executor& inference, runtime::ThreadTeam& team);

// Means over the samples; without accuracy where there are no classes.
runtime::Scores mean_scores(const runtime::Totals& totals, std::int64_t classes);

}  // namespace netc::driver

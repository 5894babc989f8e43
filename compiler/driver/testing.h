#pragma once
// What a network scores on samples with targets.

#include <vector>

#include "compiler/network/network.h"
#include "runtime/report.h"
#include "runtime/trainer.h"

namespace netc::driver {

// Samples `rows` of the set, to which `inference` is then bound: loss, accuracy and the network's metrics.
runtime::TestReport test_samples(const Network& network, const runtime::Dataset& data,
                                 const runtime::SampleSet& set, const std::vector<std::int32_t>& rows,
                                 runtime::Executor& inference, runtime::ThreadTeam& team);
// The first so many.
std::vector<std::int32_t> first_samples(std::int64_t count);

// Means over the samples; without accuracy where there are no classes.
runtime::Scores mean_scores(const runtime::Totals& totals, std::int64_t classes);

}  // namespace netc::driver

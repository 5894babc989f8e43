#pragma once
// Files to test a run on that are not those it was trained with.

#include <string>
#include <vector>

#include "runtime/data_record.h"
#include "runtime/dataset.h"

namespace netc::runtime {

// `files` are of the kind that `trained` names; sets known by name are idx files: images, then labels. Their
// test part if there is one, else all of them, as the test part of what is returned. Labels are the run's
// classes, by name where classes have names.
Result<Dataset> load_labelled(const DataRequest& trained, const DataRecord& record,
                              const std::vector<std::string>& files, int threads, const Cache& cache);

}  // namespace netc::runtime

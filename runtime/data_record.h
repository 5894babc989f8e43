#pragma once
// What a run keeps of its data, data.json in its folder: enough to read samples and to name what is predicted
// without the data itself.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/dataset.h"
#include "runtime/result.h"

namespace netc::runtime {

struct DataRecord {
  std::vector<std::int64_t> sample_extents;  // 28, 28, 1
  std::int64_t classes = 0;                  // 0: the target is a number
  std::vector<std::string> class_names;      // empty, or one each
  std::vector<std::string> targets{};        // of numbers: empty, or their names

  // `7`, or its name.
  std::string class_name(std::int64_t number) const;
};

DataRecord record_of(const Dataset& data);
// Ends in a newline.
std::string to_json(const DataRecord& record);
Result<DataRecord> read_data_record(const std::string& run_folder);

}  // namespace netc::runtime

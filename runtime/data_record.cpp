#include "runtime/data_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/run_folder.h"

namespace netc::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// What a network could not have been trained on.
bool adds_up(const DataRecord& record) {
  return !record.sample_extents.empty() && record.sample_extents.size() <= 3 &&
         std::ranges::all_of(record.sample_extents, [](std::int64_t extent) { return extent > 0; }) &&
         record.classes >= 0 &&
         (record.class_names.empty() ||
          record.class_names.size() == static_cast<std::size_t>(record.classes));
}

}  // namespace

std::string DataRecord::class_name(std::int64_t number) const {
  return class_names.empty() ? std::to_string(number) : class_names[static_cast<std::size_t>(number)];
}

DataRecord record_of(const Dataset& data) {
  return {data.sample_extents, data.classes, data.class_names,
          data.classes > 0 ? std::vector<std::string>{} : data.target_names};
}

std::string to_json(const DataRecord& record) {
  Json json;
  json["sample"] = record.sample_extents;
  json["classes"] = record.classes;
  json["class_names"] = record.class_names.empty() ? Json(nullptr) : Json(record.class_names);
  json["targets"] = record.targets;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<DataRecord> read_data_record(const std::string& run_folder) {
  const std::string path = run_folder + "/" + kDataFile;
  Result<std::string> text = read_file(path, kMostBytes);
  if (!text) return text.error();
  Error damaged{fmt::format("`{}` is damaged", path), {}};
  try {
    const Json json = Json::parse(*text);
    DataRecord record;
    json.at("sample").get_to(record.sample_extents);
    json.at("classes").get_to(record.classes);
    if (const Json& names = json.at("class_names"); !names.is_null()) names.get_to(record.class_names);
    json.at("targets").get_to(record.targets);
    if (adds_up(record)) return record;
  } catch (const Json::exception& error) {
    damaged.message += fmt::format(": {}", error.what());
  }
  return damaged;
}

}  // namespace netc::runtime

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/encoding.h"
#include "runtime/run_folder.h"

namespace netc::runtime {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr std::int64_t kMostFeatures = 1'000'000;

ordered_json to_object(const InputColumn& input) {
  ordered_json json;
  json["name"] = input.name;
  json["kind"] = !input.is_text ? "number" : input.by_target ? "target" : "onehot";
  if (!input.is_text) json["fill"] = input.fill;
  if (input.is_text) {
    json["categories"] = input.categories;
    json["learned"] = input.learned;
  }
  if (input.by_target) json["means"] = input.means;
  json["scale"] = input.scale;
  json["shift"] = input.shift;
  return json;
}

InputColumn to_input(const ordered_json& json) {
  InputColumn input{
      .name = json.at("name"), .categories = {}, .learned = {}, .means = {}, .scale = {}, .shift = {}};
  const std::string kind = json.at("kind");
  input.is_text = kind != "number";
  input.by_target = kind == "target";
  if (!input.is_text) json.at("fill").get_to(input.fill);
  if (input.is_text) {
    json.at("categories").get_to(input.categories);
    json.at("learned").get_to(input.learned);
  }
  if (input.by_target) json.at("means").get_to(input.means);
  json.at("scale").get_to(input.scale);
  json.at("shift").get_to(input.shift);
  return input;
}

// Whether the lists have the lengths that rows are encoded by.
bool is_whole(const Encoding& encoding) {
  std::int64_t values = 1;
  for (std::int64_t extent : encoding.sample_extents) {
    if (extent < 1 || extent > kMostFeatures) return false;
    values *= extent;
    if (values > kMostFeatures) return false;
  }
  if (encoding.targets.empty() || encoding.sample_extents.empty() || encoding.classes() == 1) return false;
  const auto width = static_cast<std::size_t>(encoding.target_width());
  for (const InputColumn& input : encoding.inputs) {
    const std::size_t scales = !input.is_text ? 1 : input.by_target ? width : 0;
    if (input.scale.size() != scales || input.shift.size() != scales) return false;
    if (input.learned.size() != input.categories.size()) return false;
    if (!std::ranges::is_sorted(input.categories)) return false;
    if (input.by_target && input.means.size() != (input.categories.size() + 1) * width) return false;
  }
  return encoding.features() == values;
}

}  // namespace

std::string to_json(const Encoding& encoding) {
  ordered_json json;
  json["sample"] = encoding.sample_extents;
  json["targets"] = encoding.targets;
  json["classes"] = encoding.class_names;
  json["classes_are_numbers"] = encoding.classes_are_numbers;
  json["refuse_missing"] = encoding.refuse_missing;
  json["median"] = encoding.median;
  json["separator"] = std::string(1, encoding.format.separator);
  json["header"] = encoding.format.header;
  json["inputs"] = ordered_json::array();
  for (const InputColumn& input : encoding.inputs) json["inputs"].push_back(to_object(input));
  return json.dump(1) + "\n";
}

Result<Encoding> read_encoding(const std::string& path) {
  Result<std::string> text = read_file(path, kMostBytes);
  if (!text) return text.error();
  Encoding encoding;
  try {
    const ordered_json json = ordered_json::parse(*text);
    json.at("sample").get_to(encoding.sample_extents);
    json.at("targets").get_to(encoding.targets);
    json.at("classes").get_to(encoding.class_names);
    json.at("classes_are_numbers").get_to(encoding.classes_are_numbers);
    json.at("refuse_missing").get_to(encoding.refuse_missing);
    json.at("median").get_to(encoding.median);
    encoding.format.separator = json.at("separator").get<std::string>().at(0);
    json.at("header").get_to(encoding.format.header);
    for (const ordered_json& input : json.at("inputs")) encoding.inputs.push_back(to_input(input));
  } catch (const std::exception& error) {
    return Error{fmt::format("`{}` is damaged: {}", path, error.what()), {}};
  }
  if (!is_whole(encoding))
    return Error{fmt::format("`{}` is damaged: its lists do not fit one another", path), {}};
  return encoding;
}

}  // namespace netc::runtime

#include "compiler/driver/settings_file.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "runtime/run_folder.h"

namespace netc::driver {

namespace {

using nlohmann::ordered_json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMostBytes = std::size_t{2} << 20;

ordered_json to_json(const Pairs& pairs) {
  ordered_json object = ordered_json::object();
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

// Adds what is not there yet.
void add_missing(const ordered_json& object, Pairs& pairs) {
  for (const auto& [name, value] : object.items()) {
    const bool given = std::any_of(pairs.begin(), pairs.end(),
                                   [&name = name](const auto& pair) { return pair.first == name; });
    if (!given) pairs.emplace_back(name, value.get<std::string>());
  }
}

}  // namespace

std::string to_settings(const Origin& origin, const Options& options) {
  ordered_json json;
  json["name"] = origin.name;
  // A resumed run's `--data` keeps the folder that it was given in.
  const std::string& directory = options.data ? options.data_directory : origin.directory;
  json["directory"] =
      std::filesystem::absolute(directory.empty() ? "." : directory).lexically_normal().string();
  json["data"] = options.data ? ordered_json(*options.data) : ordered_json();
  json["set"] = to_json(options.sets);
  json["train"] = to_json(options.settings);
  return json.dump(2) + "\n";
}

runtime::Result<Origin> from_folder(const std::string& folder, Options& options) {
  runtime::Result<std::string> text = runtime::read_file(folder + "/program.net", kMostBytes);
  if (!text)
    return runtime::Error{"`" + folder + "` is not a run's folder: " + text.error().message,
                          text.error().hints};
  runtime::Result<std::string> settings = runtime::read_file(folder + "/settings.json", kMostBytes);
  if (!settings) return settings.error();
  try {
    const ordered_json json = ordered_json::parse(*settings);
    if (!options.data && json.at("data").is_string()) {
      options.data = json.at("data").get<std::string>();
      options.data_directory = json.at("directory").get<std::string>();
    }
    add_missing(json.at("set"), options.sets);
    add_missing(json.at("train"), options.settings);
    return Origin{json.at("name").get<std::string>(), *text, json.at("directory").get<std::string>()};
  } catch (const nlohmann::json::exception& error) {
    return runtime::Error{"`" + folder + "/settings.json` is damaged: " + error.what(), {}};
  }
}

}  // namespace netc::driver

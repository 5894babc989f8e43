#include "compiler/network/names.h"

#include <algorithm>
#include <array>

#include "compiler/layers/layer.h"
#include "compiler/prelude/functions.h"
#include "runtime/data_source.h"
#include "runtime/metrics.h"

namespace netc {
namespace {

using Names = std::string_view;

constexpr Names kStatements[] = {"model", "data", "input", "train"};
constexpr Names kPlannedDataSources[] = {"text"};
constexpr Names kPlannedDataSettings[] = {"shuffle", "series", "context"};
constexpr Names kTrainSettings[] = {
    "optimizer", "loss", "epochs", "batch",        "seed",       "lr",        "clip",       "l1",
    "l2",        "ema",  "shards", "class_weight", "early_stop", "reduce_lr", "validation", "metrics"};
constexpr Names kDataValues[] = {"classes", "vocab", "features"};

}  // namespace

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> to_strings(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

std::span<const std::string_view> statement_names() { return kStatements; }
std::span<const std::string_view> data_sources() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> list;
    for (const runtime::DataSource& source : runtime::data_sources()) list.push_back(source.name);
    return list;
  }();
  return names;
}
std::span<const std::string_view> planned_data_sources() { return kPlannedDataSources; }
std::span<const std::string_view> planned_data_settings() { return kPlannedDataSettings; }
std::span<const std::string_view> train_settings() { return kTrainSettings; }

std::string_view built_in_meaning(std::string_view name, const Definitions& prelude) {
  if (find_layer(name) != nullptr || contains(planned_layers(), name)) return "a layer";
  if (find_function(name) || name == kNorm) return "a function";
  if (is_activation(name, prelude, {})) return "an activation";
  if (prelude.losses.contains(name)) return "a loss";
  if (prelude.optimizers.contains(name)) return "an optimizer";
  if (prelude.schedules.contains(name)) return "a schedule";
  if (contains(kStatements, name)) return "a statement";
  if (contains(data_sources(), name) || contains(kPlannedDataSources, name)) return "a data source";
  if (runtime::find_metric(name) != nullptr) return "a metric";
  if (contains(kDataValues, name)) return "what the data brings";
  if (is_time_name(name)) return "a part of time";
  if (name == "pi") return "a number";
  return {};
}

bool is_activation(std::string_view name, const Definitions& prelude, const Definitions& user) {
  return prelude.activations.contains(name) || user.activations.contains(name) ||
         contains(axis_activations(), name);
}

std::vector<std::string> activation_names(const Definitions& prelude, const Definitions& user) {
  std::vector<std::string> names = to_strings(axis_activations());
  for (const Definitions* definitions : {&prelude, &user}) {
    for (const auto& [name, definition] : definitions->activations) names.push_back(name);
  }
  return names;
}

}  // namespace netc

#include "compiler/network/read_plateau.h"

#include "compiler/network/arguments.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string_view> kNeedsValidation{
    "needs-validation", "`{}` looks at `{}`, but no samples are held out for validation"};
constexpr DiagnosticKind<std::string_view, std::string_view> kNeedsAccuracy{
    "needs-accuracy", "`{}` looks at `{}`, but a real target has no accuracy"};

ParameterDef monitor_parameter() {
  return {.name = "monitor",
          .kind = ValueKind::kWord,
          .positional = true,
          .words = {"val_loss", "val_accuracy", "loss", "accuracy"}};
}

ParameterDef patience_parameter() {
  return {.name = "patience", .kind = ValueKind::kCount, .maximum = 1e6, .words = {}};
}

ParameterDef min_delta_parameter() { return {.name = "min_delta", .kind = ValueKind::kNumber, .words = {}}; }

std::optional<Arguments> read(const Setting& setting, std::span<const ParameterDef> parameters,
                              Values& values) {
  std::optional<ReadArguments> read = read_arguments({.name = setting.name.text, .parameters = parameters},
                                                     setting.name, setting.arguments, values);
  return read ? std::optional(std::move(read->arguments)) : std::nullopt;
}

runtime::Monitor monitor_of(const Arguments& arguments) {
  const std::string word = arguments.word("monitor", "val_loss");
  return {.validation = word.starts_with("val_"), .accuracy = word.ends_with("accuracy")};
}

}  // namespace

std::optional<runtime::EarlyStopSettings> read_early_stop(const Setting& setting, Values& values) {
  const ParameterDef parameters[] = {monitor_parameter(), patience_parameter(), min_delta_parameter()};
  std::optional<Arguments> arguments = read(setting, parameters, values);
  if (!arguments) return std::nullopt;
  runtime::EarlyStopSettings settings{.monitor = monitor_of(*arguments)};
  settings.patience = arguments->count("patience", settings.patience);
  settings.min_delta = arguments->number("min_delta", settings.min_delta);
  return settings;
}

std::optional<runtime::ReduceRateSettings> read_reduce_rate(const Setting& setting, Values& values) {
  const ParameterDef parameters[] = {
      monitor_parameter(),   {.name = "factor", .kind = ValueKind::kShare, .words = {}},
      patience_parameter(),  {.name = "min", .kind = ValueKind::kNumber, .words = {}},
      min_delta_parameter(), {.name = "cooldown", .kind = ValueKind::kCount, .maximum = 1e6, .words = {}}};
  std::optional<Arguments> arguments = read(setting, parameters, values);
  if (!arguments) return std::nullopt;
  runtime::ReduceRateSettings settings{.monitor = monitor_of(*arguments)};
  settings.factor = arguments->number("factor", settings.factor);
  settings.patience = arguments->count("patience", settings.patience);
  settings.least = arguments->number("min", settings.least);
  settings.min_delta = arguments->number("min_delta", settings.min_delta);
  settings.cooldown = arguments->count("cooldown", settings.cooldown);
  return settings;
}

bool check_monitor(const Setting& setting, const runtime::Monitor& monitor, bool validates, bool has_classes,
                   Diagnostics& diagnostics) {
  if (monitor.validation && !validates) {
    diagnostics.error(kNeedsValidation, setting.name.span, setting.name.text, monitor.name())
        .hint("hold some out: `data mnist validation=10%`, say");
    return false;
  }
  if (monitor.accuracy && !has_classes) {
    diagnostics.error(kNeedsAccuracy, setting.name.span, setting.name.text, monitor.name())
        .hint(monitor.validation ? "write `val_loss`" : "write `loss`");
    return false;
  }
  return true;
}

}  // namespace netc

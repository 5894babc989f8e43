#include "runtime/report.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

namespace netc::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kHistoryHeader = "epoch,accuracy,loss,val_accuracy,val_loss";

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json epoch_json(const EpochReport& report) {
  Json json;
  json["epoch"] = report.epoch;
  json["loss"] = report.train.loss;
  json["accuracy"] = or_null(report.train.accuracy);
  json["val_loss"] = report.validation ? Json(report.validation->loss) : Json(nullptr);
  json["val_accuracy"] = report.validation ? or_null(report.validation->accuracy) : Json(nullptr);
  json["seconds"] = or_null(report.seconds);
  return json;
}

Json train_json(const RunReport& report) {
  Json json;
  json["seconds"] = report.train_seconds;
  json["step_us"] = {{"p10", or_null(report.step_us_p10)}, {"median", or_null(report.step_us_median)}};
  json["samples_per_second"] = or_null(report.samples_per_second);
  json["epochs"] = Json::array();
  for (const EpochReport& epoch : report.epochs) json["epochs"].push_back(epoch_json(epoch));
  return json;
}

Json metric_json(const MetricResult& result) {
  Json json;
  json["name"] = result.name;
  json["value"] = or_null(result.score.value);
  json["standard_error"] = or_null(result.score.standard_error);
  json["weighted"] = or_null(result.score.weighted);
  json["parts"] = result.score.parts.empty() ? Json(nullptr) : Json::array();
  for (const std::optional<double>& part : result.score.parts) json["parts"].push_back(or_null(part));
  json["matrix"] = result.score.matrix.empty() ? Json(nullptr) : Json(result.score.matrix);
  return json;
}

Json best_json(const BestReport& report) {
  return {{"epoch", report.epoch}, {"monitor", report.monitor}, {"value", report.value}};
}

Json test_json(const TestReport& report) {
  Json json;
  json["loss"] = report.scores.loss;
  json["accuracy"] = or_null(report.scores.accuracy);
  json["samples"] = report.samples;
  json["seconds"] = report.seconds;
  json["class_names"] = report.class_names.empty() ? Json(nullptr) : Json(report.class_names);
  json["support"] = report.support.empty() ? Json(nullptr) : Json(report.support);
  json["metrics"] = Json::array();
  for (const MetricResult& result : report.metrics) json["metrics"].push_back(metric_json(result));
  return json;
}

Json cross_validation_json(const std::vector<FoldReport>& folds) {
  Json json;
  json["folds"] = folds.size();
  json["metrics"] = Json::array();
  for (const MetricResult& mean : means_of(folds)) {
    Json& entry = json["metrics"].emplace_back();
    entry["name"] = mean.name;
    entry["value"] = or_null(mean.score.value);
    entry["standard_error"] = or_null(mean.score.standard_error);
    entry["folds"] = Json::array();
    for (const std::optional<double>& part : mean.score.parts) entry["folds"].push_back(or_null(part));
  }
  return json;
}

Json kernel_json(const ProfiledKernel& kernel) {
  Json json;
  json["name"] = kernel.name;
  json["where"] = kernel.where.empty() ? Json(nullptr) : Json(kernel.where);
  json["calls"] = kernel.calls;
  json["seconds"] = kernel.seconds;
  json["share"] = kernel.share;
  json["gflops"] = kernel.flops_a_second / 1e9;
  json["gbytes"] = kernel.bytes_a_second / 1e9;
  json["bound"] = kernel.bound;
  json["of_peak"] = kernel.of_peak;
  return json;
}

Json profile_json(const ProfileReport& report) {
  Json json;
  json["steps"] = report.steps;
  json["seconds"] = report.seconds;
  json["waiting_seconds"] = report.waiting_seconds;
  json["between_seconds"] = report.between_seconds;
  json["peak"]["gflops"] = report.peaks.flops_a_second / 1e9;
  json["peak"]["memory"] = Json::array();
  for (const MemoryLevel& level : report.peaks.levels)
    json["peak"]["memory"].push_back({{"name", level.name}, {"gbytes", level.bytes_a_second / 1e9}});
  json["kernels"] = Json::array();
  for (const ProfiledKernel& kernel : report.kernels) json["kernels"].push_back(kernel_json(kernel));
  return json;
}

std::string or_empty(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

std::vector<std::string_view> split_text(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    std::size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

template <typename T>
bool parse_number(std::string_view text, T& value) {
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

bool parse_optional(std::string_view text, std::optional<double>& value) {
  if (text.empty()) return true;
  return parse_number(text, value.emplace());
}

bool parse_history_line(std::string_view line, EpochReport& report) {
  std::vector<std::string_view> fields = split_text(line, ',');
  std::optional<double> val_accuracy, val_loss;
  bool good = fields.size() == 5 && parse_number(fields[0], report.epoch) &&
              parse_optional(fields[1], report.train.accuracy) &&
              parse_number(fields[2], report.train.loss) && parse_optional(fields[3], val_accuracy) &&
              parse_optional(fields[4], val_loss);
  if (good && val_loss) report.validation = Scores{*val_loss, val_accuracy};
  return good;
}

// `1.7`, `17`, `170`: two digits at least, without more than one behind the point.
std::string two_digits(double value) {
  return value < 9.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

std::string scaled(double value, double unit, const char* const* names, int count) {
  int i = 0;
  for (; i + 1 < count && value >= unit * 0.9995; ++i) value /= unit;
  return fmt::format("{}{}", i == 0 ? fmt::format("{:.0f}", value) : two_digits(value), names[i]);
}

}  // namespace

std::string to_json(const RunReport& report) {
  Json json;
  json["model"] = report.model;
  json["seed"] = report.seed;
  json["threads"] = report.threads;
  json["parameters"] = report.parameters;
  json["batch"] = report.batch;
  json["kernels"] = report.kernels;
  json["cached_kernels"] = report.cached_kernels;
  json["compile_seconds"] = report.compile_seconds;
  json["test_compile_seconds"] = or_null(report.test_compile_seconds);
  json["first_step_seconds"] = or_null(report.first_step_seconds);
  json["load_seconds"] = report.load_seconds;
  json["total_seconds"] = report.total_seconds;
  json["train"] = train_json(report);
  json["peak_rss_bytes"] = report.peak_rss_bytes;
  json["cross_validation"] = report.folds.empty() ? Json(nullptr) : cross_validation_json(report.folds);
  json["best"] = report.best ? best_json(*report.best) : Json(nullptr);
  json["test"] = report.test ? test_json(*report.test) : Json(nullptr);
  json["weights_sha256"] = report.weights_sha256.empty() ? Json(nullptr) : Json(report.weights_sha256);
  json["folder"] = report.folder ? Json(*report.folder) : Json(nullptr);
  json["profile"] = report.profile ? profile_json(*report.profile) : Json(nullptr);
  json["stopped"] = report.stopped.empty() ? Json(nullptr) : Json(report.stopped);
  // A name or path that is not UTF-8 gets replacement characters instead of an exception.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_history_csv(const RunReport& report) {
  std::string text = fmt::format("{}\n", kHistoryHeader);
  for (const EpochReport& epoch : report.epochs) {
    std::optional<double> val_accuracy, val_loss;
    if (epoch.validation) {
      val_accuracy = epoch.validation->accuracy;
      val_loss = epoch.validation->loss;
    }
    text += fmt::format("{},{},{},{},{}\n", epoch.epoch, or_empty(epoch.train.accuracy), epoch.train.loss,
                        or_empty(val_accuracy), or_empty(val_loss));
  }
  return text;
}

Result<std::vector<EpochReport>> from_history_csv(const std::string& text) {
  std::vector<EpochReport> epochs;
  std::vector<std::string_view> lines = split_text(text, '\n');
  if (lines[0] != kHistoryHeader)
    return Error{
        fmt::format("history.csv starts with `{}`, expected `{}`", lines[0].substr(0, 60), kHistoryHeader),
        {}};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty() && i + 1 == lines.size()) break;
    EpochReport report;
    if (!parse_history_line(lines[i], report)) {
      return Error{fmt::format("line {} of history.csv is `{}`, expected numbers for {}", i + 1,
                               lines[i].substr(0, 60), kHistoryHeader),
                   {}};
    }
    epochs.push_back(report);
  }
  return epochs;
}

std::string on_one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return text;
}

std::string with_commas(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    bool group_begins = i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-';
    if (group_begins) text += ',';
    text += digits[i];
  }
  return text;
}

std::string human_seconds(double seconds) {
  if (seconds < 0.0009995) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.995) return fmt::format("{:.2f} s", seconds);
  std::int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string human_count(double value) {
  constexpr const char* kNames[] = {"", " k", " M", " G", " T"};
  return scaled(value, 1000, kNames, 5);
}

std::string human_bytes(double bytes) {
  constexpr const char* kNames[] = {" B", " kB", " MB", " GB", " TB"};
  return scaled(bytes, 1000, kNames, 5);
}

}  // namespace netc::runtime

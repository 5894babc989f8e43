#include "runtime/prediction_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace netc::runtime {
namespace {

using Json = nlohmann::json;

// RFC 4180.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// A single output that tells two classes apart is the second's.
std::vector<float> of_each(std::span<const float> outputs, std::size_t names) {
  if (outputs.size() == 1 && names == 2) return {1 - outputs[0], outputs[0]};
  return {outputs.begin(), outputs.end()};
}

// As tests count it: of equal outputs the first; a single one is the second class's above one half.
std::size_t predicted_class(std::span<const float> outputs) {
  if (outputs.size() == 1) return outputs[0] > 0.5f ? 1 : 0;
  return static_cast<std::size_t>(std::ranges::max_element(outputs) - outputs.begin());
}

// What is not UTF-8 gets replacement characters.
std::string json_text(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// In the float's own digits, which the library would make a double's.
std::string json_number(float value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

}  // namespace

PredictionWriter::PredictionWriter(std::FILE* out, PredictionFormat format, const DataRecord& data,
                                   bool probabilities)
    : out_(out), format_(format), probabilities_(probabilities), classes_(data.classes > 0) {
  for (std::int64_t c = 0; c < data.classes; ++c) names_.push_back(data.class_name(c));
  if (!classes_) names_ = data.targets.empty() ? std::vector<std::string>{"y"} : data.targets;
  if (format_ == PredictionFormat::kCsv) fmt::print(out_, "{}", csv_header());
}

std::string PredictionWriter::csv_header() const {
  std::string text = classes_ ? "input,row,class" : "input,row";
  for (const std::string& name : names_)
    text += "," + csv_field(classes_ ? fmt::format("{}({})", probabilities_ ? "p" : "y", name) : name);
  return text + "\n";
}

void PredictionWriter::write(const std::string& input, std::int64_t row, std::span<const float> outputs) {
  fmt::print(
      out_, "{}",
      format_ == PredictionFormat::kCsv ? csv_line(input, row, outputs) : json_line(input, row, outputs));
}

std::string PredictionWriter::csv_line(const std::string& input, std::int64_t row,
                                       std::span<const float> outputs) const {
  std::string line = fmt::format("{},{}", csv_field(input), row);
  if (classes_) line += "," + csv_field(names_[predicted_class(outputs)]);
  for (float value : of_each(outputs, names_.size())) line += fmt::format(",{}", value);
  return line + "\n";
}

std::string PredictionWriter::json_line(const std::string& input, std::int64_t row,
                                        std::span<const float> outputs) const {
  std::string line = fmt::format(R"({{"input":{},"row":{},)", json_text(input), row);
  if (classes_) line += fmt::format(R"("class":{},)", json_text(names_[predicted_class(outputs)]));
  line += classes_ && probabilities_ ? R"("probabilities":{)" : R"("outputs":{)";
  const std::vector<float> values = of_each(outputs, names_.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    line += fmt::format("{}{}:{}", i == 0 ? "" : ",", json_text(names_[i]), json_number(values[i]));
  return line + "}}\n";
}

}  // namespace netc::runtime

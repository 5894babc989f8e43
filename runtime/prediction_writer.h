#pragma once
// Predictions as lines of text: CSV, or JSON with one object a line.
//
//   input,row,class,p(cat),p(dog)
//   a.png,1,dog,0.25,0.75
//
//   {"input":"a.png","row":1,"class":"dog","probabilities":{"cat":0.25,"dog":0.75}}
//
// What the network makes of classes without being probabilities is called y(cat) and "outputs"; numbers that
// are predicted are y, and stand under "outputs" as well. Numbers have as many digits as bring the same float
// back.

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "runtime/data_record.h"

namespace netc::runtime {

enum class PredictionFormat : std::uint8_t { kCsv, kJson };

class PredictionWriter {
 public:
  // Writes CSV's header at once.
  PredictionWriter(std::FILE* out, PredictionFormat format, const DataRecord& data, bool probabilities);
  // `row` counts from 1 within the input. `outputs`: what the network makes of the sample.
  void write(const std::string& input, std::int64_t row, std::span<const float> outputs);

 private:
  std::string csv_header() const;
  std::string csv_line(const std::string& input, std::int64_t row, std::span<const float> outputs) const;
  std::string json_line(const std::string& input, std::int64_t row, std::span<const float> outputs) const;

  std::FILE* out_;
  PredictionFormat format_;
  bool probabilities_;
  bool classes_;
  std::vector<std::string> names_;  // of the outputs; of classes one each
};

}  // namespace netc::runtime

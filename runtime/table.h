#pragma once
// A table in memory, before it becomes samples: columns of numbers or of texts, a sample a row.

#include <cstdint>
#include <string>
#include <vector>

namespace netc::runtime {

constexpr std::int32_t kMissingText = -1;
// A column remembers so many different texts; more of them count as this last one.
constexpr std::size_t kMostTexts = 100'000;

struct Column {
  std::string name;
  bool is_text = false;
  std::vector<double> numbers;      // [rows], finite, or NaN where there is none
  std::vector<std::int32_t> codes;  // [rows], places in `texts`, or kMissingText
  std::vector<std::string> texts;   // valid UTF-8; in the order of their first appearance
};

struct Table {
  std::string name;  // the file that it was read from, or what made it
  std::vector<Column> columns;
  std::vector<std::string> skipped = {};  // names of columns that were not read
  std::int64_t rows = 0;
  std::vector<std::uint32_t> lines;  // [rows], from 1 on: where in the file; empty for other than text files
  std::vector<std::int64_t> sample_extents;  // where a row is no vector: 8, 8, 1
};

// `iris.csv`, line 7, column `width`: for messages.
std::string place_of(const Table& table, std::int64_t row, const std::string& column);

bool contains(const std::vector<std::string>& names, const std::string& name);

// Of a cell.
bool is_missing(const Column& column, std::int64_t row);
bool has_missing(const Column& column);

// Null where there is none of that name.
const Column* find_column(const Table& table, const std::string& name);

}  // namespace netc::runtime

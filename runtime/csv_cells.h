#pragma once
// Whole rows of a text file, cell by cell.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/csv.h"

namespace netc::runtime {

// Finds a text's place in a column, and adds it where it is new.
class TextPlaces {
 public:
  std::int32_t place(std::string_view text, Column& column);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> places_;
};

// Adds the rows of a part of the same column.
void append(const Column& part, TextPlaces& places, Column& column);

// What came of some rows. Lines count from 0, the first of the rows'.
struct ParsedRows {
  struct Fault {
    std::int64_t line = 0;
    std::optional<std::size_t> column;  // in the file
    std::string what;
    std::vector<std::string> hints;
  };
  std::vector<Column> columns;  // those that are not skipped
  std::int64_t rows = 0;
  std::vector<std::uint32_t> lines;
  std::int64_t line_count = 0;
  std::vector<std::pair<std::size_t, CsvReader::Misfits>> misfits;
  std::optional<Fault> fault;  // where there is one, the rows behind it are not read
};

// `text` ends with a line break. With `collect`, cells that are no numbers become missing ones.
ParsedRows parse_rows(std::string_view text, char separator, std::span<const CellKind> kinds, bool collect);

// The cells of the first row, and how many bytes it takes; the row has to end within `text`.
struct FirstRow {
  std::vector<std::string> cells;
  std::size_t bytes = 0;
  std::int64_t lines = 0;
  std::optional<ParsedRows::Fault> fault;
};
FirstRow parse_first_row(std::string_view text, char separator);

// The bytes of `text` up to the end of its last whole row; 0 where not even the first one ends.
std::size_t whole_rows(std::string_view text, char separator);

// Is it one of the words for a number that is not there?
bool means_missing(std::string_view cell);
// The whole cell, as a finite number.
std::optional<double> to_number(std::string_view cell);

}  // namespace netc::runtime

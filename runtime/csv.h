#pragma once
// Text files of rows and cells (RFC 4180), block by block: csv, tsv and the like.
//
// A cell is what stands between separators, without the spaces around it; in double quotes it may hold
// separators, line breaks and, as two, quotes. Lines end in LF or CR LF; a byte-order mark and empty lines
// are passed over. Cells that are empty or say NA, N/A, n/a, NaN, nan, NULL, null, None or ? are missing.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/result.h"
#include "runtime/table.h"

namespace netc::runtime {

struct CsvFormat {
  char separator = ',';
  bool header = true;  // the first row names the columns; else they are called 1, 2, ...
};

enum class CellKind : std::uint8_t { kSkipped, kNumber, kText };

// A cell that is no number in a column of numbers.
struct Misfit {
  std::size_t column = 0;  // in the file
  std::int64_t line = 0;
  std::string text;
};

class CsvReader {
 public:
  // A regular file, or whatever `-` (stdin) is. Reads the header.
  static Result<CsvReader> open(const std::string& path, CsvFormat format);
  CsvReader(CsvReader&&) noexcept;
  ~CsvReader();

  const std::vector<std::string>& names() const;
  // What the columns hold, from the first rows: numbers where nine cells in ten are.
  std::vector<CellKind> guess_kinds() const;
  // Which columns are read from now on, one for each name.
  void choose(std::vector<CellKind> kinds);
  // With it, cells that do not fit are collected, and count as missing; without it they are an error.
  void collect_misfits();
  // Of columns in which cells did not fit: the first such cell, and how many they are.
  struct Misfits {
    Misfit first;
    std::int64_t count = 0;
  };
  const std::vector<Misfits>& misfits() const;

  // The next rows, some megabytes of text at most, with the columns that are not skipped: of a pipe, as many
  // as there are. No rows: the end. Rows in front of an error come before it. Errors name file, line and
  // column. The same for any number of threads.
  Result<Table> next(int threads);

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A whole file; columns hold what their cells are. What is read is bounded by the machine's memory.
struct CsvChoice {
  CsvFormat format;
  std::vector<std::string> texts;             // whatever they hold
  std::vector<std::string> columns, dropped;  // those alone are read, unless empty; these are not
  std::vector<std::string> always;            // read in any case; empty: the last column
};
Result<Table> read_csv(const std::string& path, const CsvChoice& choice, int threads);
// The columns that have a kind, as that kind; the others are skipped.
using KindByName = std::map<std::string, CellKind>;
Result<Table> read_csv_as(const std::string& path, CsvFormat format, const KindByName& kinds, int threads);
// For `CsvReader::choose`. Every column that has a kind has to be there.
Result<std::vector<CellKind>> kinds_in_order(const CsvReader& reader, const std::string& path,
                                             const KindByName& kinds);

}  // namespace netc::runtime

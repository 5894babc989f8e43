#pragma once
// How the rows of a table become samples: what each column is, and what was learned of the rows that train.
// It is saved beside the weights (encoding.json), so that other rows become samples in the same way.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/csv.h"
#include "runtime/data_settings.h"
#include "runtime/result.h"
#include "runtime/table.h"

namespace netc::runtime {

constexpr const char* kEncodingFile = "encoding.json";

// A column that is an input. A number is one feature, x * scale + shift; missing ones are `fill`. A text is a
// feature for each category, 1 or 0; or, with `by_target`, the mean of the target over the rows that train
// and have the category, a feature for each number of the target.
struct InputColumn {
  std::string name;
  bool is_text = false;
  double fill = 0;
  std::vector<std::string> categories;  // in the order of their bytes; "" stands for a missing text
  std::vector<bool> learned;            // [categories]: some row that trains has it; else it counts as new
  bool by_target = false;
  std::vector<double> means;         // [categories + 1, width]: of each category, then of all rows
  std::vector<double> scale, shift;  // [1] of a number, [width] of means
};

struct Encoding {
  std::vector<InputColumn> inputs;
  std::vector<std::string> targets;      // columns
  std::vector<std::string> class_names;  // empty: the targets are numbers
  bool classes_are_numbers = false;      // the names are those of numbers, in their order
  std::vector<std::int64_t> sample_extents;
  bool refuse_missing = false;
  bool median = false;  // what stands for missing numbers; else the mean
  CsvFormat format;     // of the file, if it is a text

  std::int64_t features() const;  // numbers of a sample
  std::int64_t classes() const { return static_cast<std::int64_t>(class_names.size()); }
  // Numbers of the target as a category's means have them.
  std::int64_t target_width() const;
};

// What a table's columns are for, before anything is learned: this alone says how many features and classes
// there are. Columns of texts have their categories. Errors name the column, and a cell where it is one.
Result<Encoding> plan_encoding(const Table& table, const TableSettings& settings);

// Classes by name (`encoding.class_names`), or numbers, of every row.
struct Targets {
  std::vector<std::int32_t> labels;  // [rows]
  std::vector<float> numbers;        // [rows, targets]
};
Result<Targets> read_targets(const Encoding& encoding, const Table& table);

// Learns from `rows` of the table; `targets` are those of all rows. The columns of numbers that are the same
// in all of them.
std::vector<std::string> learn_encoding(Encoding& encoding, const Table& table,
                                        std::span<const std::int32_t> rows, const Targets& targets,
                                        Normalization kind, Missing missing);

// What was done to cells that the rows that trained do not account for.
struct EncodingNotes {
  struct Note {
    std::string column, first;  // `cut`, "`diamonds.csv`, line 7: `Superb`"
    std::int64_t count = 0;
  };
  std::vector<Note> missing, unknown;
};

// Adds those of further rows.
void add(EncodingNotes& to, const EncodingNotes& from);
// A line each. `median`: of what stands for a missing number, else it is the mean.
std::vector<std::string> to_lines(const EncodingNotes& notes, bool median);

struct EncodedRows {
  std::int64_t count = 0;
  Bytes samples;  // [count, features] f32
  EncodingNotes notes;
};
// Rows `rows`, each at most once, of a table that has the encoding's input columns, in any order and among
// others; or all of them.
Result<EncodedRows> encode_rows(const Encoding& encoding, const Table& table,
                                std::span<const std::int32_t> rows, int threads);
Result<EncodedRows> encode_rows(const Encoding& encoding, const Table& table, int threads);

// `encoding.json`
std::string to_json(const Encoding& encoding);
Result<Encoding> read_encoding(const std::string& path);

// The columns that encode_rows and, with them, read_targets need.
KindByName kinds_of(const Encoding& encoding, bool with_targets);

// Rows for predictions: of a text file, or `-` for stdin, block by block in bounded memory; or of an npy
// file, all at once.
class RowReader {
 public:
  // `with_targets`: the target's columns have to be there, too. Columns that the encoding does not know are
  // passed over: `unused` names them.
  static Result<RowReader> open(const std::string& path, const Encoding& encoding, bool with_targets);
  const std::vector<std::string>& unused() const { return unused_; }
  // The next rows as they stand in the file; no rows: the end.
  Result<Table> next(int threads);

 private:
  RowReader() = default;
  std::optional<CsvReader> text_;
  std::optional<Table> array_;
  std::vector<std::string> unused_;
};

}  // namespace netc::runtime

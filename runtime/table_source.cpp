#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "runtime/csv_cells.h"
#include "runtime/data_source.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

// Rows are put in an order that is always the same, whatever the seed.
constexpr std::uint64_t kOrderSeed = 0;

// The columns that are inputs or targets.
std::vector<const Column*> columns_in_use(const Table& table, const TableSettings& settings) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns) {
    const bool target =
        settings.targets.empty() ? &column == &table.columns.back() : contains(settings.targets, column.name);
    const bool input = !contains(settings.dropped, column.name) &&
                       (settings.columns.empty() || contains(settings.columns, column.name));
    if (target || input) columns.push_back(&column);
  }
  return columns;
}

template <typename T>
void keep(std::vector<T>& values, const std::vector<bool>& kept) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (kept[i]) values[place++] = values[i];
  values.resize(place);
}

// How many rows were left out.
Result<std::int64_t> treat_missing(Table& table, const TableSettings& settings) {
  if (settings.missing != Missing::kDrop && settings.missing != Missing::kError) return std::int64_t{0};
  std::vector<bool> kept(static_cast<std::size_t>(table.rows), true);
  for (const Column* column : columns_in_use(table, settings)) {
    for (std::int64_t row = 0; row < table.rows; ++row) {
      if (!is_missing(*column, row)) continue;
      if (settings.missing == Missing::kError)
        return Error{fmt::format("{}: the cell is missing", place_of(table, row, column->name)), {}};
      kept[static_cast<std::size_t>(row)] = false;
    }
  }
  const std::int64_t before = table.rows;
  table.rows = std::ranges::count(kept, true);
  for (Column& column : table.columns) {
    keep(column.numbers, kept);
    keep(column.codes, kept);
  }
  keep(table.lines, kept);
  return before - table.rows;
}

Targets pick(const Targets& all, std::span<const std::int32_t> rows, std::int64_t width) {
  Targets picked;
  for (std::int32_t row : rows) {
    if (!all.labels.empty()) picked.labels.push_back(all.labels[static_cast<std::size_t>(row)]);
    else
      picked.numbers.insert(picked.numbers.end(), all.numbers.begin() + row * width,
                            all.numbers.begin() + (row + 1) * width);
  }
  return picked;
}

SampleSet sample_set(const Encoding& encoding, const Targets& all, std::span<const std::int32_t> rows) {
  SampleSet set;
  set.count = static_cast<std::int64_t>(rows.size());
  set.sample_elements = encoding.features();
  Targets targets = pick(all, rows, static_cast<std::int64_t>(encoding.targets.size()));
  set.labels = std::move(targets.labels);
  set.targets = std::move(targets.numbers);
  return set;
}

// What was done beyond what the program says.
std::vector<std::string> notes_text(const TableParts& parts, const std::vector<std::string>& constant,
                                    const EncodingNotes& notes, bool median) {
  std::vector<std::string> lines;
  if (parts.left_out > 0)
    lines.push_back(fmt::format("{} row{} with missing cells: left out", with_commas(parts.left_out),
                                parts.left_out == 1 ? "" : "s"));
  for (const std::string& name : constant)
    lines.push_back(on_one_line(fmt::format("column `{}` is the same in all rows that train", name)));
  std::ranges::copy(to_lines(notes, median), std::back_inserter(lines));
  return lines;
}

// The samples of a part.
Status encode_part(const Encoding& encoding, const Table& table, std::span<const std::int32_t> rows,
                   int threads, SampleSet& set, EncodingNotes& notes) {
  Result<EncodedRows> encoded = encode_rows(encoding, table, rows, threads);
  if (!encoded) return encoded.error();
  set.samples = std::move(encoded->samples);
  add(notes, encoded->notes);
  return Done{};
}

// Numbers that are names.
void make_texts(Column& column) {
  column.is_text = true;
  TextPlaces places;
  for (double x : column.numbers)
    column.codes.push_back(std::isnan(x) ? kMissingText : places.place(fmt::format("{}", x), column));
  column.numbers.clear();
}

// The tables become parts: rows with missing cells are left out where that is asked for, columns get their
// meaning, targets are read.
Result<TableParts> make_parts(ReadTables tables, const TableSettings& settings,
                              const std::optional<Encoding>& learned) {
  TableParts parts;
  parts.train = std::move(tables.train);
  parts.test = std::move(tables.test);
  for (Table* table : {&parts.train, parts.test ? &*parts.test : nullptr}) {
    if (table == nullptr) continue;
    for (Column& column : table->columns)
      if (!column.is_text && contains(settings.categories, column.name)) make_texts(column);
    Result<std::int64_t> left_out = treat_missing(*table, settings);
    if (!left_out) return left_out.error();
    parts.left_out += *left_out;
    if (table->rows == 0)
      return Error{
          fmt::format("`{}` has no rows{}", table->name, *left_out > 0 ? " without missing cells" : ""), {}};
  }
  if (learned) {
    parts.encoding = *learned;
    parts.learned = true;
  } else {
    Result<Encoding> planned = plan_encoding(parts.train, settings);
    if (!planned) return planned.error();
    parts.encoding = std::move(*planned);
    parts.encoding.format = tables.format;
  }
  Result<Targets> targets = read_targets(parts.encoding, parts.train);
  if (!targets) return targets.error();
  parts.train_targets = std::move(*targets);
  if (parts.test) {
    targets = read_targets(parts.encoding, *parts.test);
    if (!targets) return targets.error();
    parts.test_targets = std::move(*targets);
  }
  return parts;
}

Result<std::shared_ptr<const TableParts>> parts_of(const DataRequest& request) {
  if (request.parts) return request.parts;
  const DataSource& source = *find_data_source(request.kind);
  Result<ReadTables> tables = source.read_tables(request);
  if (!tables) return tables.error();
  TableSettings settings = request.table;
  if (source.made != nullptr) settings.task = Task::kClasses;
  if (settings.targets.empty()) settings.targets = tables->targets;
  Result<TableParts> parts = make_parts(std::move(*tables), settings, request.encoding);
  if (!parts) return parts.error();
  return std::shared_ptr<const TableParts>(std::make_shared<TableParts>(std::move(*parts)));
}

}  // namespace

Result<DatasetDescription> describe_table(const DataRequest& request) {
  Result<std::shared_ptr<const TableParts>> found = parts_of(request);
  if (!found) return found.error();
  const TableParts* parts = found->get();
  DatasetDescription description;
  description.sample_extents = parts->encoding.sample_extents;
  description.classes = parts->encoding.classes();
  description.train = parts->train.rows;
  description.test = parts->test ? parts->test->rows : 0;
  description.holds_out = !parts->test;
  description.bytes = false;
  description.targets = static_cast<std::int64_t>(parts->encoding.targets.size());
  description.parts = std::move(*found);
  return description;
}

// Samples are made by encode_dataset.
Result<Dataset> load_table(const DataRequest& request, const LoadOptions&) {
  Result<std::shared_ptr<const TableParts>> found = parts_of(request);
  if (!found) return found.error();
  const TableParts* parts = found->get();
  const Encoding& encoding = parts->encoding;
  Dataset data;
  data.sample_extents = encoding.sample_extents;
  data.bytes = false;
  data.classes = encoding.classes();
  data.class_names = encoding.class_names;
  data.targets = static_cast<std::int64_t>(encoding.targets.size());
  data.target_names = encoding.targets;
  TableRows rows;
  Split split = split_samples(parts->train.rows, request.held_out, kOrderSeed, parts->train_targets.labels);
  rows.train = std::move(split.train);
  shuffle_epoch(rows.train, kOrderSeed, 0);
  rows.test = std::move(split.validation);
  data.train = sample_set(encoding, parts->train_targets, rows.train);
  if (parts->test) {
    rows.test.resize(static_cast<std::size_t>(parts->test->rows));
    std::iota(rows.test.begin(), rows.test.end(), 0);
  }
  data.test = sample_set(encoding, parts->test ? parts->test_targets : parts->train_targets, rows.test);
  rows.parts = std::move(*found);
  data.rows = std::move(rows);
  return data;
}

Status encode_dataset(Dataset& data, std::span<const std::int32_t> training, Normalization kind,
                      Missing missing, int threads) {
  if (!data.rows) return Done{};
  const TableRows& rows = *data.rows;
  const TableParts& parts = *rows.parts;
  data.encoding = parts.encoding;
  std::vector<std::string> constant;
  if (!parts.learned) {
    std::vector<std::int32_t> learned;
    for (std::int32_t sample : training) learned.push_back(rows.train[static_cast<std::size_t>(sample)]);
    constant = learn_encoding(*data.encoding, parts.train, learned, parts.train_targets, kind, missing);
  }
  EncodingNotes notes;
  const Table& test = parts.test ? *parts.test : parts.train;
  if (Status status = encode_part(*data.encoding, parts.train, rows.train, threads, data.train, notes);
      !status)
    return status;
  if (Status status = encode_part(*data.encoding, test, rows.test, threads, data.test, notes); !status)
    return status;
  data.notes = notes_text(parts, constant, notes, data.encoding->median);
  data.rows.reset();
  return Done{};
}

}  // namespace netc::runtime

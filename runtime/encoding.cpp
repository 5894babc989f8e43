#include "runtime/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "runtime/npy.h"
#include "runtime/tasks.h"

namespace netc::runtime {
namespace {

// So many rows of samples stay in a core's cache while each column is written to them.
constexpr std::int64_t kRowsATask = 1024;
// A category's mean counts the mean of all rows as so many rows of its own: few rows say little.
constexpr double kRowsOfAll = 10;

// Of the numbers that are there, in `rows`.
struct Spread {
  std::vector<double> values;
  double mean = 0, deviation = 0, least = 0, most = 0;

  explicit Spread(std::vector<double> numbers) : values(std::move(numbers)) {
    if (values.empty()) return;
    const auto count = static_cast<double>(values.size());
    least = most = values[0];
    for (double x : values) {
      mean += x / count;
      least = std::min(least, x);
      most = std::max(most, x);
    }
    for (double x : values) deviation += (x - mean) * (x - mean) / count;
    // What rounding leaves of a constant is no deviation.
    deviation = least == most ? 0 : std::sqrt(deviation);
  }
  double median() {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
  }
};

void set_range(const Spread& spread, Normalization kind, double& scale, double& shift) {
  scale = 1;
  shift = 0;
  if (kind == Normalization::kNone) return;
  const bool standard = kind == Normalization::kStandard;
  const double zero = standard ? spread.mean : spread.least;
  const double range = standard ? spread.deviation : spread.most - spread.least;
  scale = range > 0 ? 1 / range : 1;
  shift = -zero * scale;
}

// Which category each of a column's texts is, and the missing one behind them; -1 where it is none that was
// learned.
std::vector<std::int32_t> categories_of(const InputColumn& input, const Column& column) {
  auto find = [&](const std::string& text) {
    const auto found = std::ranges::lower_bound(input.categories, text);
    const auto place = static_cast<std::size_t>(found - input.categories.begin());
    const bool known = found != input.categories.end() && *found == text && input.learned[place];
    return known ? static_cast<std::int32_t>(place) : -1;
  };
  std::vector<std::int32_t> places;
  for (const std::string& text : column.texts) places.push_back(find(text));
  places.push_back(find(""));
  return places;
}

std::int32_t category_at(const std::vector<std::int32_t>& places, const Column& column, std::int64_t row) {
  const std::int32_t code = column.codes[static_cast<std::size_t>(row)];
  return code == kMissingText ? places.back() : places[static_cast<std::size_t>(code)];
}

class Learner {
 public:
  Learner(Encoding& encoding, const Table& table, std::span<const std::int32_t> rows, const Targets& targets,
          Normalization kind, Missing missing)
      : encoding_(encoding), table_(table), rows_(rows), targets_(targets), kind_(kind), missing_(missing) {}

  // False for numbers that are all the same.
  bool learn(InputColumn& input) const {
    const Column& column = *find_column(table_, input.name);
    if (!input.is_text) return learn_number(input, column);
    learn_categories(input, column);
    return true;
  }

 private:
  bool learn_number(InputColumn& input, const Column& column) const {
    std::vector<double> values;
    values.reserve(rows_.size());
    for (std::int32_t row : rows_) {
      const double x = column.numbers[static_cast<std::size_t>(row)];
      if (!std::isnan(x)) values.push_back(x);
    }
    Spread spread(std::move(values));
    input.fill = missing_ == Missing::kMedian ? spread.median() : spread.mean;
    input.scale.resize(1);
    input.shift.resize(1);
    set_range(spread, kind_, input.scale[0], input.shift[0]);
    return spread.least < spread.most;
  }

  void learn_categories(InputColumn& input, const Column& column) const {
    const std::vector<std::int32_t> places = categories_of(input, column);
    std::vector<std::int64_t> counts(input.categories.size());
    for (std::int32_t row : rows_) ++counts[static_cast<std::size_t>(category_at(places, column, row))];
    for (std::size_t i = 0; i < counts.size(); ++i) input.learned[i] = counts[i] > 0;
    if (input.by_target) learn_means(input, column, places, counts);
  }

  // The target of a row, as its means have it.
  double target(std::int32_t row, std::int64_t k) const {
    const auto i = static_cast<std::size_t>(row);
    if (encoding_.classes() == 0)
      return targets_
          .numbers[i * static_cast<std::size_t>(encoding_.target_width()) + static_cast<std::size_t>(k)];
    return targets_.labels[i] == (encoding_.classes() == 2 ? 1 : k);
  }

  void learn_means(InputColumn& input, const Column& column, const std::vector<std::int32_t>& places,
                   const std::vector<std::int64_t>& counts) const {
    const std::int64_t width = encoding_.target_width();
    const std::size_t size = input.categories.size();
    input.means.assign((size + 1) * static_cast<std::size_t>(width), 0);
    for (std::int64_t k = 0; k < width; ++k) {
      auto mean = [&](std::size_t i) -> double& {
        return input.means[i * static_cast<std::size_t>(width) + static_cast<std::size_t>(k)];
      };
      for (std::int32_t row : rows_) {
        mean(static_cast<std::size_t>(category_at(places, column, row))) += target(row, k);
        mean(size) += target(row, k);
      }
      mean(size) /= static_cast<double>(rows_.size());
      for (std::size_t i = 0; i < size; ++i)
        mean(i) = (mean(i) + kRowsOfAll * mean(size)) / (static_cast<double>(counts[i]) + kRowsOfAll);
      std::vector<double> values;
      for (std::int32_t row : rows_)
        values.push_back(mean(static_cast<std::size_t>(category_at(places, column, row))));
      input.scale.resize(static_cast<std::size_t>(k) + 1);
      input.shift.resize(static_cast<std::size_t>(k) + 1);
      set_range(Spread(std::move(values)), kind_, input.scale.back(), input.shift.back());
    }
  }

  Encoding& encoding_;
  const Table& table_;
  std::span<const std::int32_t> rows_;
  const Targets& targets_;
  Normalization kind_;
  Missing missing_;
};

// A row of a table, and which sample it becomes.
struct PlacedRow {
  std::int32_t row = 0, sample = 0;
};

// Columns are read from front to back, however the samples are shuffled.
std::vector<PlacedRow> in_table_order(std::span<const std::int32_t> rows, std::int64_t table_rows) {
  std::vector<std::int32_t> samples(static_cast<std::size_t>(table_rows), -1);
  for (std::size_t i = 0; i < rows.size(); ++i)
    samples[static_cast<std::size_t>(rows[i])] = static_cast<std::int32_t>(i);
  std::vector<PlacedRow> placed;
  placed.reserve(rows.size());
  for (std::size_t row = 0; row < samples.size(); ++row)
    if (samples[row] >= 0) placed.push_back({static_cast<std::int32_t>(row), samples[row]});
  return placed;
}

// Writes a column's features of some rows, and counts what it had to guess.
class ColumnEncoder {
 public:
  ColumnEncoder(const Encoding& encoding, const InputColumn& input, const Column& column)
      : input_(input), column_(column), width_(encoding.target_width()) {
    if (input.is_text) places_ = categories_of(input, column);
  }

  std::int64_t features() const {
    if (!input_.is_text) return 1;
    return input_.by_target ? width_ : static_cast<std::int64_t>(input_.categories.size());
  }

  void write(std::int64_t row, float* out) const {
    if (!input_.is_text) {
      const double x = column_.numbers[static_cast<std::size_t>(row)];
      out[0] = static_cast<float>((std::isnan(x) ? input_.fill : x) * input_.scale[0] + input_.shift[0]);
      return;
    }
    const std::int32_t place = category_at(places_, column_, row);
    if (!input_.by_target) {
      std::fill_n(out, input_.categories.size(), 0.0f);
      if (place >= 0) out[place] = 1;
      return;
    }
    const std::size_t from = place >= 0 ? static_cast<std::size_t>(place) : input_.categories.size();
    for (std::int64_t k = 0; k < width_; ++k) {
      const auto i = static_cast<std::size_t>(k);
      out[k] = static_cast<float>(
          input_.means[from * static_cast<std::size_t>(width_) + i] * input_.scale[i] + input_.shift[i]);
    }
  }

  void note(const Table& table, std::span<const PlacedRow> rows, EncodingNotes& notes) const {
    EncodingNotes::Note missing{input_.name, {}, 0}, unknown{input_.name, {}, 0};
    for (const auto& [row, sample] : rows) {
      if (!input_.is_text) {
        if (!std::isnan(column_.numbers[static_cast<std::size_t>(row)])) continue;
        if (missing.count++ == 0) missing.first = place_of(table, row, input_.name);
      } else if (category_at(places_, column_, row) < 0) {
        const std::int32_t code = column_.codes[static_cast<std::size_t>(row)];
        const std::string text = code == kMissingText ? "" : column_.texts[static_cast<std::size_t>(code)];
        if (unknown.count++ == 0)
          unknown.first = fmt::format("{}: `{}`", place_of(table, row, input_.name), text);
      }
    }
    if (missing.count > 0) notes.missing.push_back(std::move(missing));
    if (unknown.count > 0) notes.unknown.push_back(std::move(unknown));
  }

 private:
  const InputColumn& input_;
  const Column& column_;
  std::int64_t width_;
  std::vector<std::int32_t> places_;
};

Result<std::vector<ColumnEncoder>> make_encoders(const Encoding& encoding, const Table& table) {
  std::vector<ColumnEncoder> encoders;
  for (const InputColumn& input : encoding.inputs) {
    const Column* column = find_column(table, input.name);
    if (column == nullptr)
      return Error{
          fmt::format("`{}` has no column `{}`, which the network was trained with", table.name, input.name),
          {}};
    if (column->is_text != input.is_text)
      return Error{
          fmt::format("`{}`: column `{}` holds {}, but the network was trained with {}", table.name,
                      input.name, column->is_text ? "texts" : "numbers", input.is_text ? "texts" : "numbers"),
          {}};
    encoders.emplace_back(encoding, input, *column);
  }
  return encoders;
}

}  // namespace

std::vector<std::string> learn_encoding(Encoding& encoding, const Table& table,
                                        std::span<const std::int32_t> rows, const Targets& targets,
                                        Normalization kind, Missing missing) {
  // Sums go over the table from front to back.
  std::vector<std::int32_t> ascending(rows.begin(), rows.end());
  std::ranges::sort(ascending);
  const Learner learner(encoding, table, ascending, targets, kind, missing);
  std::vector<std::string> constant;
  for (InputColumn& input : encoding.inputs)
    if (!learner.learn(input)) constant.push_back(input.name);
  encoding.median = missing == Missing::kMedian;
  encoding.refuse_missing = missing == Missing::kDrop || missing == Missing::kError;
  return constant;
}

Result<EncodedRows> encode_rows(const Encoding& encoding, const Table& table, int threads) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(table.rows));
  std::iota(rows.begin(), rows.end(), 0);
  return encode_rows(encoding, table, rows, threads);
}

Result<EncodedRows> encode_rows(const Encoding& encoding, const Table& table,
                                std::span<const std::int32_t> rows, int threads) {
  Result<std::vector<ColumnEncoder>> encoders = make_encoders(encoding, table);
  if (!encoders) return encoders.error();
  const std::int64_t features = encoding.features();
  EncodedRows encoded;
  encoded.count = static_cast<std::int64_t>(rows.size());
  encoded.samples = Bytes(static_cast<std::size_t>(encoded.count * features) * sizeof(float));
  auto* values = reinterpret_cast<float*>(encoded.samples.data());
  const std::vector<PlacedRow> placed = in_table_order(rows, table.rows);
  const std::int64_t tasks = (encoded.count + kRowsATask - 1) / kRowsATask;
  run_tasks(static_cast<std::size_t>(tasks), threads, [&](std::size_t task) {
    const std::int64_t first = static_cast<std::int64_t>(task) * kRowsATask;
    const std::int64_t last = std::min(first + kRowsATask, encoded.count);
    std::int64_t feature = 0;
    for (const ColumnEncoder& encoder : *encoders) {
      for (std::int64_t i = first; i < last; ++i) {
        const PlacedRow& row = placed[static_cast<std::size_t>(i)];
        encoder.write(row.row, values + row.sample * features + feature);
      }
      feature += encoder.features();
    }
  });
  for (const ColumnEncoder& encoder : *encoders) encoder.note(table, placed, encoded.notes);
  if (encoding.refuse_missing && !encoded.notes.missing.empty())
    return Error{fmt::format("{}: the number is missing", encoded.notes.missing[0].first), {}};
  return encoded;
}

KindByName kinds_of(const Encoding& encoding, bool with_targets) {
  KindByName kinds;
  for (const InputColumn& input : encoding.inputs)
    kinds[input.name] = input.is_text ? CellKind::kText : CellKind::kNumber;
  if (!with_targets) return kinds;
  const bool texts = encoding.classes() > 0 && !encoding.classes_are_numbers;
  for (const std::string& target : encoding.targets)
    kinds[target] = texts ? CellKind::kText : CellKind::kNumber;
  return kinds;
}

Result<RowReader> RowReader::open(const std::string& path, const Encoding& encoding, bool with_targets) {
  RowReader rows;
  if (path.ends_with(".npy")) {
    Result<Table> table = read_npy_rows(path);
    if (!table) return table.error();
    rows.array_ = std::move(*table);
    return rows;
  }
  Result<CsvReader> reader = CsvReader::open(path, encoding.format);
  if (!reader) return reader.error();
  Result<std::vector<CellKind>> kinds = kinds_in_order(*reader, path, kinds_of(encoding, with_targets));
  if (!kinds) return kinds.error();
  for (std::size_t c = 0; c < kinds->size(); ++c) {
    const std::string& name = reader->names()[c];
    const bool target = std::ranges::find(encoding.targets, name) != encoding.targets.end();
    if ((*kinds)[c] == CellKind::kSkipped && !target) rows.unused_.push_back(name);
  }
  reader->choose(std::move(*kinds));
  rows.text_.emplace(std::move(*reader));
  return rows;
}

Result<Table> RowReader::next(int threads) {
  if (text_) return text_->next(threads);
  Table rows = std::move(*array_);
  array_ = Table{};
  return rows;
}

}  // namespace netc::runtime

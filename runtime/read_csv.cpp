#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/csv.h"
#include "runtime/csv_cells.h"
#include "runtime/memory_limit.h"

namespace netc::runtime {
namespace {

// A column of numbers may not hold more other cells than one in so many.
constexpr std::int64_t kMisfitShare = 10;

bool is_read(const CsvChoice& choice, const std::string& name) {
  if (contains(choice.always, name)) return true;
  return !contains(choice.dropped, name) && (choice.columns.empty() || contains(choice.columns, name));
}

// Adds rows to those of a table with the same columns.
class Gathered {
 public:
  Status add(Table&& part) {
    if (table_.columns.empty()) {
      table_.name = part.name;
      for (const Column& column : part.columns)
        table_.columns.push_back(
            {.name = column.name, .is_text = column.is_text, .numbers = {}, .codes = {}, .texts = {}});
      places_.resize(part.columns.size());
    }
    for (std::size_t c = 0; c < part.columns.size(); ++c)
      append(part.columns[c], places_[c], table_.columns[c]);
    table_.lines.insert(table_.lines.end(), part.lines.begin(), part.lines.end());
    table_.rows += part.rows;
    return test_size();
  }
  Table take() && { return std::move(table_); }

 private:
  Status test_size() const {
    constexpr std::int64_t kMostRows = 2'000'000'000;
    if (table_.rows > kMostRows)
      return Error{fmt::format("`{}` has more than 2,000,000,000 rows", table_.name), {}};
    // As numbers now, and as samples later.
    return test_memory(table_.name,
                       12.0 * static_cast<double>(table_.rows) * static_cast<double>(table_.columns.size()));
  }

  Table table_;
  std::vector<TextPlaces> places_;
};

Result<Table> read_all(CsvReader& reader, int threads) {
  Gathered all;
  for (;;) {
    Result<Table> part = reader.next(threads);
    if (!part) return part.error();
    const bool ended = part->rows == 0;
    if (Status status = all.add(std::move(*part)); !status) return status.error();
    if (ended) return std::move(all).take();
  }
}

// Of a file that was read: columns that turn out to be texts, or a cell that does not fit.
Result<std::vector<std::string>> find_texts(const CsvReader& reader, const std::string& path,
                                            std::int64_t rows) {
  std::vector<std::string> texts;
  for (std::size_t c = 0; c < reader.names().size(); ++c) {
    const CsvReader::Misfits& misfits = reader.misfits()[c];
    const std::string& name = reader.names()[c];
    if (misfits.count == 0) continue;
    if (misfits.count * kMisfitShare <= rows)
      return Error{
          fmt::format("`{}`, line {}, column `{}`: `{}` is not a number, as nearly all of the column are",
                      path, misfits.first.line, name, misfits.first.text),
          {fmt::format("correct it, or read the column as texts: `categories(\"{}\")`", name)}};
    texts.push_back(name);
  }
  return texts;
}

}  // namespace

Result<Table> read_csv(const std::string& path, const CsvChoice& choice, int threads) {
  std::vector<std::string> texts = choice.texts;
  for (;;) {
    Result<CsvReader> reader = CsvReader::open(path, choice.format);
    if (!reader) return reader.error();
    const std::vector<std::string>& names = reader->names();
    std::vector<CellKind> kinds = reader->guess_kinds();
    for (std::size_t c = 0; c < names.size(); ++c) {
      const bool last = choice.always.empty() && c + 1 == names.size();
      if (!last && !is_read(choice, names[c])) kinds[c] = CellKind::kSkipped;
      else if (contains(texts, names[c])) kinds[c] = CellKind::kText;
    }
    reader->choose(std::move(kinds));
    reader->collect_misfits();
    Result<Table> table = read_all(*reader, threads);
    if (!table) return table;
    Result<std::vector<std::string>> found = find_texts(*reader, path, table->rows);
    if (!found) return found.error();
    if (found->empty()) {
      for (const std::string& name : names)
        if (find_column(*table, name) == nullptr) table->skipped.push_back(name);
      return table;
    }
    texts.insert(texts.end(), found->begin(), found->end());
  }
}

Result<std::vector<CellKind>> kinds_in_order(const CsvReader& reader, const std::string& path,
                                             const KindByName& kinds) {
  for (const auto& [name, kind] : kinds)
    if (!contains(reader.names(), name))
      return Error{fmt::format("`{}` has no column `{}`, which the network is trained with", path, name), {}};
  std::vector<CellKind> order;
  for (const std::string& name : reader.names()) {
    auto found = kinds.find(name);
    order.push_back(found == kinds.end() ? CellKind::kSkipped : found->second);
  }
  return order;
}

Result<Table> read_csv_as(const std::string& path, CsvFormat format, const KindByName& kinds, int threads) {
  Result<CsvReader> reader = CsvReader::open(path, format);
  if (!reader) return reader.error();
  Result<std::vector<CellKind>> order = kinds_in_order(*reader, path, kinds);
  if (!order) return order.error();
  reader->choose(std::move(*order));
  return read_all(*reader, threads);
}

}  // namespace netc::runtime

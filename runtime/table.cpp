#include "runtime/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace netc::runtime {

std::string place_of(const Table& table, std::int64_t row, const std::string& column) {
  const std::string where = table.lines.empty()
                                ? fmt::format("row {}", row + 1)
                                : fmt::format("line {}", table.lines[static_cast<std::size_t>(row)]);
  return fmt::format("`{}`, {}, column `{}`", table.name, where, column);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_missing(const Column& column, std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  return column.is_text ? column.codes[i] == kMissingText : std::isnan(column.numbers[i]);
}

bool has_missing(const Column& column) {
  if (column.is_text) return std::ranges::find(column.codes, kMissingText) != column.codes.end();
  return std::ranges::any_of(column.numbers, [](double x) { return std::isnan(x); });
}

const Column* find_column(const Table& table, const std::string& name) {
  auto found = std::ranges::find(table.columns, name, &Column::name);
  return found == table.columns.end() ? nullptr : &*found;
}

}  // namespace netc::runtime

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "runtime/encoding.h"

namespace netc::runtime {
namespace {

// Whole numbers of no more different values are classes.
constexpr std::size_t kMostNumberClasses = 20;
constexpr std::size_t kMostClasses = 10'000;
// A column of texts is at most so many features.
constexpr std::size_t kMostCategories = 100;
constexpr std::size_t kNamed = 10;  // in a message

// `reason` stands behind the column's name.
Error no_column(const Table& table, const std::string& name, const std::string& reason = "") {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  names.insert(names.end(), table.skipped.begin(), table.skipped.end());
  Error error{
      fmt::format("`{}` has no column `{}`{}", table.name, name, reason), {}, UnknownName{name, name, names}};
  const bool more = names.size() > kNamed;
  if (more) names.resize(kNamed);
  error.hints.push_back(fmt::format("it has `{}`{}", fmt::join(names, "`, `"), more ? ", ..." : ""));
  return error;
}

class Planner {
 public:
  Planner(const Table& table, const TableSettings& settings) : table_(table), settings_(settings) {}

  Result<Encoding> plan() {
    for (const auto* names :
         {&settings_.targets, &settings_.columns, &settings_.dropped, &settings_.categories})
      if (Status status = test_names(*names); !status) return status.error();
    if (table_.rows == 0) return Error{fmt::format("`{}` has no rows", table_.name), {}};
    encoding_.targets = settings_.targets;
    if (encoding_.targets.empty()) encoding_.targets.push_back(table_.columns.back().name);
    for (const Column& column : table_.columns) {
      if (!is_input(column.name)) continue;
      if (Status status = add_input(column); !status) return status.error();
    }
    if (encoding_.inputs.empty())
      return Error{fmt::format("`{}` has no column for the inputs: the target is `{}`", table_.name,
                               fmt::join(encoding_.targets, "`, `")),
                   {}};
    if (Status status = plan_targets(); !status) return status.error();
    // Of all columns, one number each.
    const bool whole = static_cast<std::int64_t>(encoding_.inputs.size()) == encoding_.features() &&
                       encoding_.inputs.size() + encoding_.targets.size() == table_.columns.size();
    encoding_.sample_extents = {encoding_.features()};
    if (whole && !table_.sample_extents.empty()) encoding_.sample_extents = table_.sample_extents;
    return std::move(encoding_);
  }

 private:
  Status test_names(const std::vector<std::string>& names) const {
    for (const std::string& name : names)
      if (find_column(table_, name) == nullptr && !contains(table_.skipped, name))
        return no_column(table_, name);
    return Done{};
  }

  bool is_input(const std::string& name) const {
    if (contains(encoding_.targets, name) || contains(settings_.dropped, name)) return false;
    return settings_.columns.empty() || contains(settings_.columns, name);
  }

  Status add_input(const Column& column) {
    InputColumn input{.name = column.name,
                      .is_text = column.is_text,
                      .categories = {},
                      .learned = {},
                      .means = {},
                      .scale = {},
                      .shift = {}};
    if (column.is_text) {
      const bool by_target = settings_.encode == CategoryCode::kTarget;
      if (!by_target && column.texts.size() > kMostCategories)
        return Error{
            fmt::format("`{}`: column `{}` holds {}{} different texts, and each would be a feature",
                        table_.name, column.name, column.texts.size() == kMostTexts ? "more than " : "",
                        column.texts.size()),
            {fmt::format("leave it out with `drop(\"{}\")`, or make numbers of it with `encode=target`",
                         column.name)}};
      input.by_target = by_target;
      input.categories = column.texts;
      if (has_missing(column)) input.categories.emplace_back();
      std::ranges::sort(input.categories);
      input.learned.assign(input.categories.size(), true);
    }
    const bool nothing = column.is_text
                             ? column.texts.empty()
                             : std::ranges::all_of(column.numbers, [](double x) { return std::isnan(x); });
    if (nothing)
      return Error{fmt::format("`{}`: column `{}` holds nothing", table_.name, column.name),
                   {fmt::format("leave it out with `drop(\"{}\")`", column.name)}};
    encoding_.inputs.push_back(std::move(input));
    return Done{};
  }

  Status plan_targets() {
    if (encoding_.targets.size() == 1) return plan_target(*find_column(table_, encoding_.targets[0]));
    if (settings_.task == Task::kClasses)
      return Error{
          fmt::format("classes are those of one column, but {} are the target", encoding_.targets.size()),
          {}};
    for (const std::string& name : encoding_.targets)
      if (Status status = test_numbers(*find_column(table_, name)); !status) return status.error();
    return Done{};
  }

  Status test_numbers(const Column& column) const {
    if (column.is_text)
      return Error{fmt::format("`{}`: the target `{}` is no number, but a text such as `{}`", table_.name,
                               column.name, column.texts.empty() ? "" : column.texts[0]),
                   {}};
    std::optional<double> first;
    for (double x : column.numbers) {
      if (std::isnan(x)) continue;
      if (first && x != *first) return Done{};
      first = x;
    }
    if (!first)
      return Error{fmt::format("`{}`: the target `{}` holds nothing", table_.name, column.name), {}};
    return Error{fmt::format("`{}`: the target `{}` is {} in every row", table_.name, column.name, *first),
                 {"there is nothing to learn from it"}};
  }

  Status plan_target(const Column& column) {
    if (settings_.task == Task::kRegression) return test_numbers(column);
    if (column.is_text) {
      encoding_.class_names = column.texts;
      std::ranges::sort(encoding_.class_names);
    } else {
      std::set<double> values;
      bool whole = true;
      for (double x : column.numbers) {
        if (std::isnan(x)) continue;
        whole = whole && x == std::floor(x);
        if (values.size() <= kMostClasses) values.insert(x);
      }
      if (settings_.task == Task::kByTarget && (!whole || values.size() > kMostNumberClasses))
        return test_numbers(column);
      encoding_.classes_are_numbers = true;
      for (double x : values) encoding_.class_names.push_back(fmt::format("{}", x));
    }
    const std::size_t classes = encoding_.class_names.size();
    if (classes > kMostClasses)
      return Error{fmt::format("`{}`: the target `{}` has more than {} classes", table_.name, column.name,
                               kMostClasses),
                   {}};
    if (classes == 0)
      return Error{fmt::format("`{}`: the target `{}` holds nothing", table_.name, column.name), {}};
    // A missing cell is said first, by who reads the targets.
    if (classes == 1 && !has_missing(column))
      return Error{fmt::format("`{}`: the target `{}` is `{}` in every row", table_.name, column.name,
                               encoding_.class_names[0]),
                   {"there is nothing to learn from one class"}};
    return Done{};
  }

  const Table& table_;
  const TableSettings& settings_;
  Encoding encoding_;
};

// Of each of a column's texts or numbers, which class it is; -1 for none of them.
class ClassFinder {
 public:
  ClassFinder(const Encoding& encoding, const Column& column) : column_(column) {
    for (std::size_t i = 0; i < encoding.class_names.size(); ++i)
      places_[encoding.class_names[i]] = static_cast<std::int32_t>(i);
    for (const std::string& text : column.texts) codes_.push_back(find(text));
  }
  std::int32_t at(std::int64_t row) {
    if (column_.is_text) {
      const std::int32_t code = column_.codes[static_cast<std::size_t>(row)];
      return code == kMissingText ? -1 : codes_[static_cast<std::size_t>(code)];
    }
    const double x = column_.numbers[static_cast<std::size_t>(row)];
    auto [known, fresh] = numbers_.try_emplace(x, -1);
    if (fresh) known->second = find(fmt::format("{}", x));
    return known->second;
  }

 private:
  std::int32_t find(const std::string& name) const {
    auto found = places_.find(name);
    return found == places_.end() ? -1 : found->second;
  }
  const Column& column_;
  std::map<std::string, std::int32_t> places_;
  std::map<double, std::int32_t> numbers_;
  std::vector<std::int32_t> codes_;
};

Error missing_target(const Table& table, std::int64_t row, const std::string& column) {
  return {fmt::format("{}: the target is missing", place_of(table, row, column)),
          {"`missing=drop` leaves such rows out"}};
}

Result<Targets> read_labels(const Encoding& encoding, const Table& table, const Column& column) {
  Targets targets;
  ClassFinder classes(encoding, column);
  for (std::int64_t row = 0; row < table.rows; ++row) {
    if (is_missing(column, row)) return missing_target(table, row, column.name);
    const std::int32_t label = classes.at(row);
    if (label < 0) {
      const auto i = static_cast<std::size_t>(row);
      const std::string text = column.is_text ? column.texts[static_cast<std::size_t>(column.codes[i])]
                                              : fmt::format("{}", column.numbers[i]);
      return Error{fmt::format("{}: `{}` is none of the {} classes of the rows to train on",
                               place_of(table, row, column.name), text, encoding.classes()),
                   {}};
    }
    targets.labels.push_back(label);
  }
  return targets;
}

}  // namespace

std::int64_t Encoding::target_width() const {
  if (class_names.empty()) return static_cast<std::int64_t>(targets.size());
  return classes() == 2 ? 1 : classes();
}

std::int64_t Encoding::features() const {
  std::int64_t count = 0;
  for (const InputColumn& input : inputs) {
    if (!input.is_text) ++count;
    else count += input.by_target ? target_width() : static_cast<std::int64_t>(input.categories.size());
  }
  return count;
}

Result<Encoding> plan_encoding(const Table& table, const TableSettings& settings) {
  return Planner(table, settings).plan();
}

Result<Targets> read_targets(const Encoding& encoding, const Table& table) {
  std::vector<const Column*> columns;
  for (const std::string& name : encoding.targets) {
    columns.push_back(find_column(table, name));
    if (columns.back() == nullptr) return no_column(table, name, ", which is the target");
  }
  if (encoding.classes() > 0) return read_labels(encoding, table, *columns[0]);
  Targets targets;
  targets.numbers.resize(static_cast<std::size_t>(table.rows) * columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::int64_t row = 0; row < table.rows; ++row) {
      if (is_missing(*columns[c], row)) return missing_target(table, row, columns[c]->name);
      targets.numbers[static_cast<std::size_t>(row) * columns.size() + c] =
          static_cast<float>(columns[c]->numbers[static_cast<std::size_t>(row)]);
    }
  }
  return targets;
}

}  // namespace netc::runtime

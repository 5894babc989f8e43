#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "runtime/data_source.h"
#include "runtime/memory_limit.h"
#include "runtime/npy.h"

// `data npy "x.npy" "y.npy"`, or with two more for the test; `data npz "set.npz"`. Arrays of bytes with three
// extents and more are images; all others are tables whose columns have numbers for names.

namespace netc::runtime {
namespace {

struct Part {
  NpyArray x, y;
};
struct Parts {
  Part train;
  std::optional<Part> test;
};

Result<Parts> read_npys(const DataRequest& request) {
  std::vector<NpyArray> arrays;
  for (const std::string& file : request.files) {
    Result<NpyArray> array = read_npy(file);
    if (!array) return array.error();
    arrays.push_back(std::move(*array));
  }
  Parts parts{{std::move(arrays[0]), std::move(arrays[1])}, std::nullopt};
  if (arrays.size() == 4) parts.test = Part{std::move(arrays[2]), std::move(arrays[3])};
  return parts;
}

// Under the names that Keras and scikit-learn give them.
Result<Parts> read_archive(const std::string& path) {
  Result<std::vector<std::pair<std::string, NpyArray>>> arrays = read_npz(path);
  if (!arrays) return arrays.error();
  auto find = [&](const char* name) -> NpyArray* {
    auto found = std::ranges::find(*arrays, name, &std::pair<std::string, NpyArray>::first);
    return found == arrays->end() ? nullptr : &found->second;
  };
  constexpr std::pair<const char*, const char*> kTrain[] = {
      {"x_train", "y_train"}, {"x", "y"}, {"X", "y"}, {"data", "target"}};
  for (const auto& [x, y] : kTrain) {
    if (find(x) == nullptr || find(y) == nullptr) continue;
    Parts parts{{std::move(*find(x)), std::move(*find(y))}, std::nullopt};
    const bool tested =
        std::string_view(x) == "x_train" && find("x_test") != nullptr && find("y_test") != nullptr;
    if (tested) parts.test = Part{std::move(*find("x_test")), std::move(*find("y_test"))};
    return parts;
  }
  std::vector<std::string> names;
  for (const auto& [name, array] : *arrays) names.push_back(name);
  return Error{
      fmt::format(
          "`{}` has no arrays `x_train` and `y_train`, `x` and `y`, `X` and `y`, or `data` and `target`",
          path),
      {fmt::format("it has `{}`", fmt::join(names, "`, `"))}};
}

Status test_part(const Part& part) {
  if (part.x.extents.size() < 2)
    return Error{
        fmt::format("`{}` has {} extents, but samples take two at least", part.x.name, part.x.extents.size()),
        {}};
  if (part.x.extents.size() > 4)
    return Error{
        fmt::format("`{}` has {} extents, and netc takes up to 4", part.x.name, part.x.extents.size()), {}};
  if (part.y.extents.empty() || part.y.extents.size() > 2)
    return Error{
        fmt::format("`{}` has {} extents, but targets take one, or two", part.y.name, part.y.extents.size()),
        {}};
  if (part.x.extents[0] != part.y.extents[0])
    return Error{fmt::format("`{}` has {} samples, but `{}` has {}", part.x.name, part.x.extents[0],
                             part.y.name, part.y.extents[0]),
                 {}};
  constexpr std::int64_t kMostRows = 2'000'000'000;
  if (part.x.elements() == 0 || part.y.elements() == 0 || part.x.extents[0] > kMostRows)
    return Error{fmt::format("`{}` has {} samples of {} values", part.x.name, part.x.extents[0],
                             part.x.extents[0] > 0 ? part.x.elements() / part.x.extents[0] : 0),
                 {}};
  return Done{};
}

Result<Parts> read_parts(const DataRequest& request) {
  Result<Parts> parts = request.kind == "npz" ? read_archive(request.files[0]) : read_npys(request);
  if (!parts) return parts;
  if (Status status = test_part(parts->train); !status) return status.error();
  if (!parts->test) return parts;
  if (Status status = test_part(*parts->test); !status) return status.error();
  for (const auto part : {&Part::x, &Part::y}) {
    const NpyArray &train = (*parts).train.*part, &test = *parts->test.*part;
    if (!std::ranges::equal(std::span(train.extents).subspan(1), std::span(test.extents).subspan(1)))
      return Error{fmt::format("`{}` is an array of {}, but `{}` is one of {}", test.name,
                               fmt::join(test.extents, "x"), train.name, fmt::join(train.extents, "x")),
                   {}};
  }
  return parts;
}

// Images keep their bytes.
bool has_images(const Parts& parts) {
  const NpyArray& x = parts.train.x;
  return x.type == NpyType::kU8 && x.extents.size() >= 3 &&
         (!parts.test || parts.test->x.type == NpyType::kU8);
}

std::vector<std::int64_t> sample_extents(const NpyArray& x) {
  if (x.extents.size() == 3) return {x.extents[1], x.extents[2], 1};
  return {x.extents.begin() + 1, x.extents.end()};
}

Result<Column> column_of(const NpyArray& array, std::int64_t column, std::int64_t columns, std::string name) {
  Column result{.name = std::move(name), .numbers = {}, .codes = {}, .texts = {}};
  const std::int64_t rows = array.extents[0];
  for (std::int64_t row = 0; row < rows; ++row) {
    const double x = array.at(row * columns + column);
    if (std::isinf(x))
      return Error{fmt::format("`{}`: number {} of sample {} is infinite", array.name, column + 1, row + 1),
                   {}};
    result.numbers.push_back(x);
  }
  return result;
}

// Columns 1, 2, ... and `target`, or `target 1`, `target 2`, ...
Result<Table> to_table(const Part& part) {
  const std::int64_t rows = part.x.extents[0], inputs = part.x.elements() / rows,
                     targets = part.y.elements() / rows;
  Table table{.name = part.x.name, .columns = {}, .rows = rows, .lines = {}, .sample_extents = {}};
  if (Status status =
          test_memory(part.x.name, 12.0 * static_cast<double>(rows) * static_cast<double>(inputs + targets));
      !status)
    return status.error();
  if (part.x.extents.size() > 2) table.sample_extents = sample_extents(part.x);
  for (std::int64_t c = 0; c < inputs + targets; ++c) {
    const std::string name = c < inputs     ? std::to_string(c + 1)
                             : targets == 1 ? "target"
                                            : fmt::format("target {}", c - inputs + 1);
    Result<Column> column =
        c < inputs ? column_of(part.x, c, inputs, name) : column_of(part.y, c - inputs, targets, name);
    if (!column) return column.error();
    table.columns.push_back(std::move(*column));
  }
  return table;
}

// Classes from 0 on.
Result<std::vector<std::int32_t>> labels_of(const NpyArray& y) {
  constexpr double kMostClasses = 1'000'000;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < y.elements(); ++i) {
    const double label = y.at(i);
    if (!(label >= 0 && label < kMostClasses) || label != std::floor(label))
      return Error{fmt::format("`{}`: {} is no class: they are whole numbers from 0 on", y.name, label), {}};
    labels.push_back(static_cast<std::int32_t>(label));
  }
  return labels;
}

Result<SampleSet> to_images(Part&& part) {
  if (part.y.elements() != part.y.extents[0])
    return Error{
        fmt::format("`{}` has {} numbers for each image, but a class is one", part.y.name, part.y.extents[1]),
        {}};
  Result<std::vector<std::int32_t>> labels = labels_of(part.y);
  if (!labels) return labels.error();
  SampleSet set;
  set.count = part.x.extents[0];
  set.sample_elements = part.x.elements() / set.count;
  set.samples = std::move(part.x.values);
  set.labels = std::move(*labels);
  return set;
}

Result<Dataset> to_dataset(Parts&& parts) {
  Dataset data;
  data.sample_extents = sample_extents(parts.train.x);
  Result<SampleSet> train = to_images(std::move(parts.train));
  if (!train) return train.error();
  data.classes = std::max<std::int64_t>(2, std::ranges::max(train->labels) + 1);
  data.train = std::move(*train);
  if (!parts.test) return data;
  const std::string name = parts.test->y.name;
  Result<SampleSet> test = to_images(std::move(*parts.test));
  if (!test) return test.error();
  if (std::ranges::max(test->labels) >= data.classes)
    return Error{fmt::format("`{}` has the class {}, but training has 0 to {}", name,
                             std::ranges::max(test->labels), data.classes - 1),
                 {}};
  data.test = std::move(*test);
  return data;
}

}  // namespace

Result<Table> read_npy_rows(const std::string& path) {
  Result<NpyArray> x = read_npy(path);
  if (!x) return x.error();
  Part part{std::move(*x), {}};
  part.y.extents = {part.x.extents.empty() ? 0 : part.x.extents[0], 0};
  if (part.x.extents.size() < 2 || part.x.elements() == 0)
    return Error{
        fmt::format("`{}` holds no samples: it is an array of {}", path, fmt::join(part.x.extents, "x")), {}};
  return to_table(part);
}

Result<ReadTables> read_npy_tables(const DataRequest& request) {
  Result<Parts> parts = read_parts(request);
  if (!parts) return parts.error();
  ReadTables tables;
  if (has_images(*parts)) return tables;
  Result<Table> train = to_table(parts->train);
  if (!train) return train.error();
  tables.train = std::move(*train);
  for (const Column& column : tables.train.columns)
    if (column.name.starts_with("target")) tables.targets.push_back(column.name);
  if (!parts->test) return tables;
  Result<Table> test = to_table(*parts->test);
  if (!test) return test.error();
  tables.test = std::move(*test);
  return tables;
}

Result<DatasetDescription> describe_npy(const DataRequest& request) {
  Result<Parts> parts = read_parts(request);
  if (!parts) return parts.error();
  if (!has_images(*parts)) return describe_table(request);
  Result<Dataset> data = to_dataset(std::move(*parts));
  if (!data) return data.error();
  return DatasetDescription{.sample_extents = data->sample_extents,
                            .classes = data->classes,
                            .train = data->train.count,
                            .test = data->test.count};
}

Result<Dataset> load_npy(const DataRequest& request, const LoadOptions& options) {
  if (request.parts) return load_table(request, options);
  Result<Parts> parts = read_parts(request);
  if (!parts) return parts.error();
  return has_images(*parts) ? to_dataset(std::move(*parts)) : load_table(request, options);
}

}  // namespace netc::runtime

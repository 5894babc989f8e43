#include "runtime/data_source.h"

#include <fmt/format.h>

#include "runtime/known_sets.h"

namespace netc::runtime {
namespace {

DataSource source_of(const KnownSet& set) {
  return {.name = set.name,
          .takes = "no files",
          .example = {},
          .known = DatasetDescription{.sample_extents = set.sample_extents,
                                      .classes = set.classes,
                                      .train = set.train,
                                      .test = set.test},
          .describe = describe_idx,
          .load = load_idx};
}

DataSource source_of(const MadeSet& set) {
  return {.name = std::string(set.name),
          .takes = "no files",
          .example = {},
          .made = &set,
          .known = {},
          .read_tables = make_tables,
          .describe = describe_table,
          .load = load_table};
}

DataSource text_table(const std::string& name) {
  return {.name = name,
          .paths = {1, 2},
          .takes = "1 or 2 files",
          .example = fmt::format(
              "write `data {0} \"train.{0}\" test=20%`, or name a second file for the test", name),
          .table_settings = true,
          .known = {},
          .read_tables = read_csv_tables,
          .describe = describe_table,
          .load = load_table};
}

DataSource arrays(const std::string& name, std::vector<std::size_t> paths, const std::string& takes,
                  const std::string& example) {
  return {.name = name,
          .paths = std::move(paths),
          .takes = takes,
          .example = example,
          .table_settings = true,
          .known = {},
          .read_tables = read_npy_tables,
          .describe = describe_npy,
          .load = load_npy};
}

std::vector<DataSource> make_sources() {
  std::vector<DataSource> sources;
  for (const KnownSet& set : known_sets()) sources.push_back(source_of(set));
  sources.push_back({.name = "idx",
                     .paths = {2, 4},
                     .takes = "2 or 4 files",
                     .example =
                         "write `data idx \"train-images\" \"train-labels\"`, and the test images and labels "
                         "behind them",
                     .known = {},
                     .describe = describe_idx,
                     .load = load_idx});
  sources.push_back(
      {.name = "images",
       .paths = {1, 2},
       .takes = "1 or 2 folders",
       .example = "write `data images \"flowers\" test=20%`, or name a second folder for the test",
       .image_settings = true,
       .known = {},
       .describe = describe_images,
       .load = load_images});
  sources.push_back(
      {.name = "cifar10",
       .paths = {1},
       .takes = "1 folder",
       .example = "write `data cifar10 \"cifar-10-batches-bin\"`",
       .known =
           DatasetDescription{.sample_extents = {32, 32, 3}, .classes = 10, .train = 50000, .test = 10000},
       .describe = describe_cifar10,
       .load = load_cifar10});
  for (const char* name : {"csv", "tsv"}) sources.push_back(text_table(name));
  sources.push_back(
      arrays("npy", {2, 4}, "2 or 4 files",
             "write `data npy \"x.npy\" \"y.npy\" test=20%`, or name the arrays for the test behind them"));
  sources.push_back(arrays("npz", {1}, "1 file", "write `data npz \"set.npz\"`"));
  for (const MadeSet& set : made_sets()) sources.push_back(source_of(set));
  return sources;
}

}  // namespace

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> sources = make_sources();
  return sources;
}

const DataSource* find_data_source(std::string_view name) {
  for (const DataSource& source : data_sources())
    if (source.name == name) return &source;
  return nullptr;
}

}  // namespace netc::runtime

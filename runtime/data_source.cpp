#include "runtime/data_source.h"

#include "runtime/known_sets.h"

namespace netc::runtime {
namespace {

DataSource source_of(const KnownSet& set) {
  return {.name = set.name,
          .takes = "no files",
          .example = {},
          .known = DatasetDescription{set.sample_extents, set.classes, set.train, set.test},
          .describe = describe_idx,
          .load = load_idx};
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
  sources.push_back({.name = "cifar10",
                     .paths = {1},
                     .takes = "1 folder",
                     .example = "write `data cifar10 \"cifar-10-batches-bin\"`",
                     .known = DatasetDescription{{32, 32, 3}, 10, 50000, 10000},
                     .describe = describe_cifar10,
                     .load = load_cifar10});
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

#pragma once
// What a program says of its data beyond where it is.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace netc::runtime {

// Of images that are files of their own.
struct ImageSettings {
  std::int64_t height = 0, width = 0;  // 0: all images have the same size
  std::int64_t channels = 0;           // 1: grey, 3: red, green, blue; 0: as the first image has it
};

// How training images are changed at random; 0 leaves them. What comes into view from beyond an image is 0.
struct Augmentation {
  double shift = 0;       // pixels, up to which they move along each axis
  double rotate = 0;      // degrees, up to which they turn either way
  double scale = 0;       // share, by up to which they grow or shrink
  bool flip = false;      // every other one is mirrored, left to right
  double brightness = 0;  // share, by up to which all values grow or shrink
  double noise = 0;       // the deviation of what is added to each value, as a share of 255
  double cutout = 0;      // pixels: the side of a square that is set to 0

  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// Of samples: by what their training part says of each channel or column; without it bytes are divided by
// 255.
enum class Normalization : std::uint8_t { kNone, kStandard, kMinMax };

enum class Task : std::uint8_t { kByTarget, kClasses, kRegression };
// What a cell of texts becomes: a feature for each text, or what the target is where the text stands.
enum class CategoryCode : std::uint8_t { kOneHot, kTarget };
// What becomes of missing numbers: the mean or the median of the column's others. Or the row is left out, or
// it is an error.
enum class Missing : std::uint8_t { kMean, kMedian, kDrop, kError };

// Of tables.
struct TableSettings {
  std::vector<std::string> targets;     // empty: the last column
  std::vector<std::string> columns;     // the inputs; empty: all others
  std::vector<std::string> dropped;     // that are no inputs
  std::vector<std::string> categories;  // whose numbers are texts
  Task task = Task::kByTarget;
  CategoryCode encode = CategoryCode::kOneHot;
  Missing missing = Missing::kMean;
  char separator = 0;  // 0: as the source has it
  bool header = true;
};

// Of a set that is made: each number that its source knows.
using MadeNumbers = std::map<std::string, double, std::less<>>;

}  // namespace netc::runtime

#pragma once
// Sets of points that are made, not read. docs/language.md has their formulas.

#include <span>
#include <string_view>

#include "runtime/data_settings.h"
#include "runtime/table.h"

namespace netc::runtime {

// A number that a set is made with.
struct MadeNumber {
  std::string_view name;
  double value = 0;  // unless it is said
  double least = 0, most = 0;
  bool whole = false;
};

struct MadeSet {
  std::string_view name;
  std::string_view title;  // for `netc data`, and the documentation
  std::span<const MadeNumber> numbers;
  Table (*make)(const MadeNumbers& numbers);
};

std::span<const MadeSet> made_sets();
const MadeSet* find_made_set(std::string_view name);

// Columns x and y (blobs: x1, x2, ...) and `class`. `numbers` may lack some.
Table make_set(const MadeSet& set, const MadeNumbers& numbers);

}  // namespace netc::runtime

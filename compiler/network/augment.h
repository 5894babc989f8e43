#pragma once
// `augment(shift=2, flip)` of the data statement.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compiler/network/values.h"
#include "runtime/data_settings.h"

namespace netc {

// What it can do: a name, what it takes, and what the name alone means.
struct AugmentationDef {
  std::string_view name;
  double runtime::Augmentation::* value = nullptr;
  double alone = 0;
  ValueKind kind = ValueKind::kNumber;
  double maximum = 0;
};
std::span<const AugmentationDef> augmentations();  // but for `flip`, which takes nothing

// Empty after an error.
std::optional<runtime::Augmentation> read_augmentation(const ast::Call& call, Span span, Values& values);
// `augment(shift=2, flip)`
std::string print(const runtime::Augmentation& augmentation);

}  // namespace netc

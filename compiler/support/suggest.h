#pragma once
// Did you mean …?

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace netc {

// The candidate that `word` was probably meant to be: equal but for case, else the smallest edit distance (a
// swap of neighbours counts one) up to max(length / 3, 1); the first of equals. Empty when none is near.
std::optional<std::string> suggest(std::string_view word, std::span<const std::string> candidates);

}  // namespace netc

#pragma once
// The names that a program cannot take for itself, and those that are part of the language but not built yet.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/prelude/prelude.h"

namespace netc {

// `a layer`, `a function`, ...: what `name` means without any definition of a person's; empty when nothing.
std::string_view built_in_meaning(std::string_view name, const Definitions& prelude);

// Activations by name: the prelude's, those over an axis and a person's own.
bool is_activation(std::string_view name, const Definitions& prelude, const Definitions& user);
std::vector<std::string> activation_names(const Definitions& prelude, const Definitions& user);

bool contains(std::span<const std::string_view> names, std::string_view name);
std::vector<std::string> to_strings(std::span<const std::string_view> names);

std::span<const std::string_view> statement_names();       // model data input train
std::span<const std::string_view> data_sources();          // the known sets, idx, ...
std::span<const std::string_view> planned_data_sources();  // csv, ...
std::span<const std::string_view> planned_data_settings();
std::span<const std::string_view> train_settings();

}  // namespace netc

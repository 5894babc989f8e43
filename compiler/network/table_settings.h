#pragma once
// What `data` says of tables and of sets that are made.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/network/network.h"
#include "compiler/network/values.h"
#include "runtime/data_settings.h"
#include "runtime/made_sets.h"

namespace netc {

// `target=`, `task=`, `encode=`, `missing=`, `separator=`
std::vector<std::string> table_settings();
// `targets(...)`, `columns(...)`, `drop(...)`, `categories(...)`
bool is_table_list(std::string_view name);
inline constexpr std::string_view kNoHeader = "no_header";

// False after an error.
bool read_table_setting(const ast::Name& key, const ast::Expr& value, Values& values, DataSpec& spec);
bool read_table_list(const ast::Call& call, Span span, Values& values, DataSpec& spec);
bool read_made_number(const runtime::MadeNumber& number, const ast::Expr& value, Values& values,
                      runtime::MadeNumbers& numbers);

// As `data` says it: ` target="quality" drop("id")`
std::string print(const runtime::TableSettings& settings);
std::string print(const runtime::MadeNumbers& numbers);

}  // namespace netc

#include <fmt/format.h>

#include <filesystem>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/frontend.h"
#include "compiler/driver/target.h"
#include "runtime/data_source.h"
#include "runtime/data_summary.h"

namespace netc::driver {

namespace {

// `flowers.csv` and a folder of images say by themselves what they are; else it is what would stand behind
// `data`.
std::string source_text(const std::string& given) {
  const std::filesystem::path path(given);
  if (std::filesystem::is_directory(path)) return fmt::format("images \"{}\"", given);
  const std::string kind = path.extension().string();
  for (const char* known : {".csv", ".tsv", ".npy", ".npz"})
    if (kind == known) return fmt::format("{} \"{}\"", kind.substr(1), given);
  return given;
}

}  // namespace

int data_command(const Options& given) {
  Options options = given;
  Origin origin{"data", "", ""};
  if (options.file.ends_with(".net")) {
    OrExit<Origin> read = read_origin(options.file);
    if (!read.value) return read.exit_code;
    origin = *read.value;
  } else {
    options.data = source_text(options.file);
  }
  OrExit<LoadedData> loaded = load_data(origin, options);
  if (!loaded.value) return loaded.exit_code;
  const auto& [sources, spec, request] = *loaded.value;
  auto fail = [&](const runtime::Error& error) {
    return options.data ? data_error(error) : data_error(error, sources, spec);
  };
  const runtime::DataSource& source = *runtime::find_data_source(request.kind);
  runtime::Result<runtime::ReadTables> tables =
      source.has_tables() ? source.read_tables(request) : runtime::ReadTables{};
  if (!tables) return fail(tables.error());
  if (tables->train.rows > 0) {
    fmt::print("{}", runtime::summary(tables->train, request.table));
    if (tables->test) fmt::print("\n{}", runtime::summary(*tables->test, request.table));
    return kGood;
  }
  runtime::Result<runtime::Dataset> data = runtime::load_dataset(request, static_cast<int>(request.threads));
  if (!data) return fail(data.error());
  fmt::print("{}", runtime::summary(*data, is_terminal(stdout)));
  return kGood;
}

}  // namespace netc::driver

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
  OrExit<runtime::DataRequest> request = load_request(origin, options);
  if (!request.value) return request.exit_code;
  const runtime::DataSource& source = *runtime::find_data_source(request.value->kind);
  runtime::Result<runtime::ReadTables> tables =
      source.has_tables() ? source.read_tables(*request.value) : runtime::ReadTables{};
  if (!tables) return data_error(tables.error());
  if (tables->train.rows > 0) {
    fmt::print("{}", runtime::summary(tables->train, request.value->table));
    if (tables->test) fmt::print("\n{}", runtime::summary(*tables->test, request.value->table));
    return kGood;
  }
  runtime::Result<runtime::Dataset> data =
      runtime::load_dataset(*request.value, static_cast<int>(request.value->threads));
  if (!data) return data_error(data.error());
  fmt::print("{}", runtime::summary(*data, is_terminal(stdout)));
  return kGood;
}

}  // namespace netc::driver

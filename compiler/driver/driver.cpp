#include "compiler/driver/driver.h"

#include <exception>

#include "compiler/driver/commands.h"
#include "compiler/driver/options.h"
#include "compiler/support/check.h"

namespace netc::driver {

namespace {

int dispatch(const Options& options) {
  switch (options.command) {
    case Command::kRun: return run_command(options);
    case Command::kCheck: return check_command(options);
    case Command::kEmit: return emit_command(options);
    case Command::kEval: return eval_command(options);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ParsedOptions parsed = parse_options(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  try {
    return dispatch(*parsed.options);
  } catch (const std::exception& error) {
    report_bug(__FILE__, __LINE__, error.what());
  }
}

}  // namespace netc::driver

#include "compiler/driver/driver.h"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "compiler/driver/commands.h"
#include "compiler/driver/console.h"
#include "compiler/driver/exit_codes.h"
#include "compiler/driver/options.h"
#include "compiler/support/check.h"
#include "runtime/files.h"

namespace netc::driver {

namespace {

int dispatch(const Options& options) {
  switch (options.command) {
    case Command::kRun: return run_command(options);
    case Command::kCheck: return check_command(options);
    case Command::kEmit: return emit_command(options);
    case Command::kEval: return eval_command(options);
    case Command::kPredict: return predict_command(options);
    case Command::kData: return data_command(options);
  }
  return 0;
}

// What was printed has to arrive: a full disk behind `>` is an error, too.
int flush(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  print_error({"cannot write to stdout: " + runtime::system_message(errno), {}});
  return exit_code == kGood ? kDataError : exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  ParsedOptions parsed = parse_options(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  try {
    return flush(dispatch(*parsed.options));
  } catch (const std::bad_alloc&) {
    print_error({"there is not enough memory", {"a smaller `batch` or smaller layers need less"}});
    return kDataError;
  } catch (const std::system_error& error) {
    print_error({error.what(), {}});
    return kDataError;
  } catch (const std::exception& error) {
    report_bug(__FILE__, __LINE__, error.what());
  }
}

}  // namespace netc::driver

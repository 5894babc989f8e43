#include "compiler/support/check.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace netc {
namespace {

constexpr int kExitBug = 70;

// The path within the repository, wherever netc was built.
std::string_view within_repository(std::string_view file) {
  for (std::string_view folder : {"compiler/", "runtime/", "tests/"})
    if (const std::size_t at = file.rfind(folder); at != file.npos) return file.substr(at);
  return file;
}

}  // namespace

void report_bug(const char* file, int line, std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr,
             "netc: this is a bug in netc: {}\n"
             "  at {}:{}\n"
             "  please report these lines and the program that shows it to netc's issue tracker\n",
             message, within_repository(file), line);
  std::fflush(stderr);
  // No destructors: other threads may be at work.
  std::_Exit(kExitBug);
}

}  // namespace netc

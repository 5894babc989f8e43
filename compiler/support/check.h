#pragma once
// For what can only be a bug in netc: never for a user's mistake.

#include <string_view>

namespace netc {

// Prints the message, where it happened and where to report it, and exits with code 70.
[[noreturn]] void report_bug(const char* file, int line, std::string_view message);

}  // namespace netc

#define NETC_CHECK(condition, message)                                 \
  do {                                                                 \
    if (!(condition)) ::netc::report_bug(__FILE__, __LINE__, message); \
  } while (false)

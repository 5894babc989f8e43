#pragma once
// The words that the benchmarks of kernels understand.

#include <string>

#include "compiler/kernel/schedule.h"
#include "compiler/kernel/target.h"

namespace netc::bench {

struct Options {
  kernel::Target target;
  std::string filter;  // a regular expression; empty: everything
  bool print_plans = false;
  kernel::ScheduleOverrides overrides;
};

// Takes --cpu=NAME, --plans, --schedule=KEY=VALUE and filters out of the line, and leaves the rest. Ends the
// program where this machine cannot run code for that processor.
Options take_options(int& argc, char** argv);

}  // namespace netc::bench

#include "tests/bench/options.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "compiler/codegen/codegen.h"

namespace netc::bench {

Options take_options(int& argc, char** argv) {
  Options options;
  std::string cpu;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--cpu=")) {
      cpu = word.substr(6);
    } else if (word.starts_with("--schedule=")) {
      const std::size_t equals = word.find('=', 11);
      if (equals != std::string_view::npos)
        options.overrides.push_back(
            {"", std::string(word.substr(11, equals - 11)), std::atol(argv[i] + equals + 1)});
    } else if (word == "--plans") {
      options.print_plans = true;
    } else if (!word.starts_with("-")) {
      options.filter += (options.filter.empty() ? "" : "|") + std::string(word);
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  const std::optional<kernel::Target> target = codegen::find_target(cpu);
  if (!target || !codegen::runs_here(*target)) {
    fmt::print(stderr, "bench: this machine cannot run code for `{}`\n", cpu);
    std::exit(2);
  }
  options.target = *target;
  return options;
}

}  // namespace netc::bench

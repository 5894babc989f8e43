#pragma once
// The command line.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/kernel/schedule.h"

namespace netc::driver {

enum class Command { kRun, kCheck, kEmit, kEval, kPredict, kData };

// In the order of the pipeline.
enum class Stage { kTokens, kAst, kNetwork, kGraph, kKernel, kLlvm, kAsm };

struct Options {
  Command command = Command::kRun;
  std::string file;  // a .net file, a run's folder, or for `data` also a file or what stands behind `data`
  std::vector<std::string> inputs;  // what is predicted, or tested
  bool json_lines = false;          // how `predict` writes
  // What overrides the program: names and values as texts of the language.
  std::vector<std::pair<std::string, std::string>> sets;
  std::vector<std::pair<std::string, std::string>> settings;
  std::optional<std::string> data;
  std::string data_directory;  // what files of `data` are relative to; empty: the working directory
  std::optional<std::string> cpu;
  kernel::ScheduleOverrides schedule;
  int threads = 0;                  // 0: as many as there are cores to use
  std::optional<std::string> json;  // a file, or `-`
  std::optional<std::string> out;
  bool save = true;
  bool cache = true;
  bool profile = false;
  bool perf = false;
  std::optional<std::string> resume;
  std::optional<std::string> weights;
  Stage stage = Stage::kAst;
};

// The options, or the exit code where there is nothing to do but print (help, or what is wrong with the
// line).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};
ParsedOptions parse_options(int argc, char** argv);

}  // namespace netc::driver

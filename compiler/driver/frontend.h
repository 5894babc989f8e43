#pragma once
// From the command line to a typed network: reads files, asks the data source what it holds, reports what is
// wrong.

#include <memory>
#include <optional>

#include "compiler/driver/options.h"
#include "compiler/network/network.h"
#include "runtime/data_record.h"
#include "runtime/dataset.h"

namespace netc::driver {

// A program and what is known of it. Spans of the network point into `sources`.
struct Loaded {
  Sources sources;
  SourceId source{};
  Definitions prelude;
  ast::Program program;
  Network network;
  runtime::DataRequest request;
};

// Where a program's text comes from, and what its relative paths are relative to.
struct Origin {
  std::string name;  // for messages and as the network's name
  std::string text;
  std::string directory;
};

// The result, or the exit code after an error was printed.
template <typename T>
struct OrExit {
  std::unique_ptr<T> value;
  int exit_code = 0;
};

// Of a program's errors: kUsageError if all of them stand in options, else kProgramError.
int exit_code_of(const Sources& sources, const Diagnostics& diagnostics);

// Reads a .net file; data errors are exit code 3.
OrExit<Origin> read_origin(const std::string& path);
// `need_data`: the data has to be there; else a program that says `input` is typed without. `record`: what a
// run keeps of its data, in place of the data itself.
OrExit<Loaded> load_program(const Origin& origin, const Options& options, bool need_data,
                            const runtime::DataRecord* record = nullptr);

// A program's `data` alone. Spans of `spec` point into `sources`.
struct LoadedData {
  Sources sources;
  DataSpec spec;
  runtime::DataRequest request;
};
// Without looking at anything else.
OrExit<LoadedData> load_data(const Origin& origin, const Options& options);
// Prints what is wrong with the data, at the file or column that `spec` names if it is that; the exit code.
int data_error(const runtime::Error& error, const Sources& sources, const DataSpec& spec);

// How many samples an amount means, of `all`.
std::int64_t resolve(const std::optional<Amount>& amount, std::int64_t all, std::int64_t otherwise);
// How many samples are tested, of those that were loaded for it.
std::int64_t count_test_samples(const Network& network, std::int64_t loaded);

}  // namespace netc::driver

#include "runtime/run_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "runtime/files.h"

namespace netc::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRuns = "runs";
constexpr int kMaxRuns = 1'000'000;
constexpr const char* kFilesOfARun[] = {kProgramFile, kWeightsFile, kCheckpointFile, kHistoryFile,
                                        kMetricsFile, kDataFile,    kFoldsFile};

Error cannot_make(const fs::path& folder, const std::error_code& problem) {
  return Error{
      fmt::format("cannot make the run folder `{}`: {}", folder.string(), system_message(problem.value())),
      {"`--out DIR` chooses another folder, `--no-save` saves nothing"}};
}

// Only writing shows whether one can write: permissions do not tell of read-only or full disks.
Status test_folder(const fs::path& folder) {
  if (Status status = test_writable((folder / "writable").string()); !status) {
    return Error{
        fmt::format("the run folder `{}` cannot be written: {}", folder.string(), status.error().message),
        {"`--out DIR` chooses another folder, `--no-save` saves nothing"}};
  }
  return Done{};
}

// A model's name as a part of a folder's name: `LeNet-5`, `my_net`.
std::string folder_name(const std::string& name) {
  std::string safe;
  for (char c : name.substr(0, 100)) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                 c == '-' || c == '.';
    bool kept = plain && !(c == '.' && safe.empty());
    if (kept) safe += c;
    else if (!safe.empty() && safe.back() != '-') safe += '-';
  }
  while (!safe.empty() && safe.back() == '-') safe.pop_back();
  return safe.empty() ? "run" : safe;
}

Result<std::string> chosen_folder(const fs::path& folder) {
  std::error_code problem;
  for (const char* file : kFilesOfARun) {
    if (!fs::exists(folder / file, problem)) continue;
    return Error{fmt::format("`{}` holds a run already: there is `{}`", folder.string(), file),
                 {"choose another folder, or go on with that run by `--resume`"}};
  }
  problem.clear();
  fs::create_directories(folder, problem);
  if (!problem && !fs::is_directory(folder, problem))
    problem = std::make_error_code(std::errc::not_a_directory);
  if (problem) return cannot_make(folder, problem);
  if (Status status = test_folder(folder); !status) return status.error();
  return folder.string();
}

}  // namespace

Result<std::string> create_run_folder(const std::string& name, const std::optional<std::string>& out) {
  if (out) return chosen_folder(*out);
  std::error_code problem;
  fs::create_directories(kRuns, problem);
  if (problem) return cannot_make(kRuns, problem);
  for (int n = 1; n <= kMaxRuns; ++n) {
    fs::path folder = fs::path(kRuns) / fmt::format("{}-{}", folder_name(name), n);
    // Of several runs that try the same number, one makes the folder, and the others find it there.
    if (fs::create_directory(folder, problem)) {
      if (Status status = test_folder(folder); !status) return status.error();
      return folder.string();
    }
    bool taken = !problem || problem == std::errc::file_exists || problem == std::errc::not_a_directory;
    if (!taken) return cannot_make(folder, problem);
  }
  return cannot_make(kRuns, std::make_error_code(std::errc::file_exists));
}

}  // namespace netc::runtime

// Every kind of diagnostic is shown by a golden.

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/golden/golden.h"

namespace netc {
namespace {

namespace fs = std::filesystem;

std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string code;
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t at = line.find_first_not_of(' '); at != line.npos && line.compare(at, 2, "//") != 0)
      code += line + '\n';
  return code;
}

// Kind -> the file that declares it.
std::map<std::string, std::string> declared_kinds() {
  static const std::regex declaration(R"re(constexpr\s+DiagnosticKind<[^;{}]*>\s+k\w+\s*\{\s*"([^"]*)")re");
  const fs::path root = NETC_SOURCE_DIR;
  std::map<std::string, std::string> kinds;
  for (const auto& entry : fs::recursive_directory_iterator(root / "compiler")) {
    const std::string name = entry.path().filename().string();
    const bool source = name.ends_with(".cpp") || name.ends_with(".h");
    if (!source || name.ends_with("_test.cpp")) continue;
    const std::string code = without_comments(golden::read_file(entry.path()));
    for (std::sregex_iterator match(code.begin(), code.end(), declaration), end; match != end; ++match) {
      const auto [place, is_new] = kinds.emplace((*match)[1], fs::relative(entry.path(), root).string());
      EXPECT_TRUE(is_new) << "`" << place->first << "` is declared in " << place->second << " and again in "
                          << name;
    }
  }
  return kinds;
}

std::set<std::string> shown_kinds() {
  std::set<std::string> kinds;
  for (const auto& entry : fs::recursive_directory_iterator(golden::folder())) {
    if (entry.path().extension() != ".txt") continue;
    std::istringstream first_line(golden::read_file(entry.path()));
    std::string line, word;
    std::getline(first_line, line);
    if (!line.starts_with("kinds:")) continue;
    std::istringstream words(line.substr(6));
    while (words >> word) kinds.insert(word);
  }
  return kinds;
}

TEST(Diagnostics, EveryKindHasAGolden) {
  const std::set<std::string> shown = shown_kinds();
  const std::map<std::string, std::string> declared = declared_kinds();
  EXPECT_FALSE(declared.empty());
  for (const auto& [kind, file] : declared)
    EXPECT_TRUE(shown.contains(kind))
        << "no golden in tests/golden shows `" << kind << "`, declared in " << file;
}

}  // namespace
}  // namespace netc

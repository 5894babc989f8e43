#pragma once
// Golden tests: a program (NAME.net) and what some level of the compiler makes of it (NAME.txt), compared
// byte for byte.
//
//   TEST(Ast, Goldens) {
//     for (const golden::Program& program : golden::programs("ast")) {
//       SCOPED_TRACE(program.name);
//       ...
//       golden::expect(program, print_ast(sources, *ast));
//     }
//   }
//
// They stand in tests/golden/<level>/. In diagnostics/ each stage takes the programs that begin with its own
// word: `syntax_…`, `network_…`; their .txt begins with a line `kinds: …`, which
// tests/diagnostics_coverage_test.cpp reads.
//
// NETC_UPDATE_GOLDENS=1 in the environment makes the tests write the .txt files instead of comparing them;
// the diff is then to be read.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.h"
#include "compiler/support/render.h"

namespace netc::golden {

struct Program {
  std::string name;  // file name, as messages show it
  std::string text;
  std::filesystem::path expected;  // the .txt
};

inline std::filesystem::path folder() { return std::filesystem::path(NETC_SOURCE_DIR) / "tests" / "golden"; }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Those of a level whose names begin with `prefix`, by name; none is a failure.
inline std::vector<Program> programs(std::string_view level, std::string_view prefix = "") {
  std::vector<Program> list;
  for (const auto& entry : std::filesystem::directory_iterator(folder() / level)) {
    std::filesystem::path path = entry.path();
    const std::string name = path.filename().string();
    if (path.extension() != ".net" || !name.starts_with(prefix)) continue;
    list.push_back({name, read_file(path), path.replace_extension(".txt")});
  }
  std::sort(list.begin(), list.end(), [](const Program& a, const Program& b) { return a.name < b.name; });
  EXPECT_FALSE(list.empty()) << "no golden programs in " << level;
  return list;
}

inline void expect(const std::filesystem::path& expected, const std::string& actual) {
  if (const char* update = std::getenv("NETC_UPDATE_GOLDENS");
      update != nullptr && std::string_view(update) == "1") {
    std::ofstream out(expected, std::ios::binary);
    out << actual;
    EXPECT_TRUE(out.good()) << "cannot write " << expected;
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(expected))
      << expected << " is missing: NETC_UPDATE_GOLDENS=1 writes it";
  EXPECT_EQ(read_file(expected), actual)
      << expected << " differs: if rightly, NETC_UPDATE_GOLDENS=1 rewrites it";
}

inline void expect(const Program& program, const std::string& actual) { expect(program.expected, actual); }

// What a golden of diagnostics holds: the kinds in the order of their messages, then the messages.
inline std::string diagnostics_text(const Sources& sources, const std::vector<Diagnostic>& diagnostics) {
  std::string kinds = "kinds:", messages;
  for (const Diagnostic& diagnostic : diagnostics) {
    kinds += ' ' + std::string(diagnostic.kind);
    messages += '\n' + render(sources, diagnostic);
  }
  return kinds + '\n' + messages;
}
inline std::string diagnostics_text(const Sources& sources, const Diagnostics& diagnostics) {
  return diagnostics_text(sources, diagnostics.sorted());
}

}  // namespace netc::golden

// Goldens of the levels below the network: graphs, kernel plans for named processors, and patterns of the
// LLVM IR before any pass. A program's first lines may say what the rest is tested with:
//
//   # data: 12 features, 5 classes
//   # cpu: x86-64-v3
//   # CHECK: define void @dense_1.weight.forward{{.*}}(ptr %args
//   # CHECK-NOT: call float @expf
//
// Patterns are found in order, each on a line behind the last one's; {{…}} is a regular expression, the rest
// is meant literally. A CHECK-NOT holds between its neighbours.

#include <cstdio>
#include <optional>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/training/step.h"
#include "tests/golden/golden.h"
#include "tests/plan_runner.h"

namespace netc::testing {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string header(const golden::Program& program, const std::string& key) {
  for (const std::string& line : lines_of(program.text)) {
    if (line.starts_with("# " + key + ": ")) return line.substr(key.size() + 4);
  }
  return "";
}

std::unique_ptr<TypedProgram> type_golden(const golden::Program& program) {
  DataDescription data = mnist_description();
  long long features = 0, classes = 0;
  if (std::sscanf(header(program, "data").c_str(), "%lld features, %lld classes", &features, &classes) == 2)
    data = {.sample = {ShapeKind::kVector, {features}}, .classes = classes, .train = 1000, .test = 100};
  return type_program(program.text, data, program.name);
}

// Not asked of LLVM, so that a golden does not change with it.
kernel::Target fixed_target(const std::string& cpu) {
  if (cpu == "x86-64-v3") return {cpu, "", 16, 8};
  EXPECT_EQ(cpu, "x86-64-v4");
  return {cpu, "", 32, 16};
}

kernel::Plan golden_plan(const TypedProgram& typed, const kernel::Target& target) {
  Diagnostics diagnostics;
  auto plan = kernel::lower(training::build_training_step(typed.network), target, diagnostics);
  EXPECT_TRUE(plan) << render_all(typed.sources, diagnostics);
  if (!plan) return {};
  EXPECT_EQ(kernel::verify(*plan), "");
  kernel::locate(*plan, typed.sources);
  return std::move(*plan);
}

TEST(GraphGolden, AreAsWritten) {
  for (const golden::Program& program : golden::programs("graph")) {
    SCOPED_TRACE(program.name);
    auto typed = type_golden(program);
    golden::expect(program, graph::print(training::build_training_step(typed->network), &typed->sources));
  }
}

TEST(KernelGolden, AreAsWritten) {
  for (const golden::Program& program : golden::programs("kernel")) {
    SCOPED_TRACE(program.name);
    auto typed = type_golden(program);
    const kernel::Plan plan = golden_plan(*typed, fixed_target(header(program, "cpu")));
    golden::expect(program, kernel::print(plan, &typed->sources));
  }
}

std::regex pattern(const std::string& text) {
  std::string expression;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t close = text.compare(at, 2, "{{") == 0 ? text.find("}}", at) : std::string::npos;
    if (close != std::string::npos) {
      expression += "(?:" + text.substr(at + 2, close - at - 2) + ")";
      at = close + 2;
      continue;
    }
    const char c = text[at++];
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != ' ' && c != '_') expression += '\\';
    expression += c;
  }
  return std::regex(expression);
}

// The first line from `from` on that has the pattern, or the number of lines.
std::size_t find_line(const std::vector<std::string>& lines, std::size_t from, const std::string& text) {
  const std::regex wanted = pattern(text);
  while (from < lines.size() && !std::regex_search(lines[from], wanted)) ++from;
  return from;
}

// Empty, or which check fails.
std::string failed_check(const std::string& program, const std::string& output) {
  const std::vector<std::string> lines = lines_of(output);
  std::vector<std::string> forbidden;
  std::size_t next = 0;
  auto none_before = [&](std::size_t end) {
    for (const std::string& text : forbidden) {
      if (find_line(lines, next, text) < end) return "found CHECK-NOT: " + text;
    }
    forbidden.clear();
    return std::string();
  };
  for (const std::string& line : lines_of(program)) {
    if (line.starts_with("# CHECK-NOT: ")) forbidden.push_back(line.substr(13));
    if (!line.starts_with("# CHECK: ")) continue;
    const std::size_t found = find_line(lines, next, line.substr(9));
    if (found == lines.size()) return "not found behind line " + std::to_string(next) + ": " + line;
    if (std::string fault = none_before(found); !fault.empty()) return fault;
    next = found + 1;
  }
  return none_before(lines.size());
}

TEST(LlvmGolden, HaveTheirPatterns) {
  for (const golden::Program& program : golden::programs("llvm")) {
    SCOPED_TRACE(program.name);
    const std::string cpu = header(program, "cpu");
    if (!codegen::find_target(cpu)) GTEST_SKIP() << "LLVM's target here is not x86";
    auto typed = type_golden(program);
    const kernel::Target target = *codegen::find_target(cpu);
    const std::string text = codegen::emit_llvm(golden_plan(*typed, target), target);
    EXPECT_EQ(failed_check(program.text, text), "") << text;
  }
}

TEST(LlvmGolden, TheMatcherCanFail) {
  const std::string output = "one 1\ntwo %2\nthree\n";
  EXPECT_EQ(failed_check("# CHECK: one {{[0-9]+}}\n# CHECK: two %2\n", output), "");
  EXPECT_NE(failed_check("# CHECK: two\n# CHECK: one\n", output), "");
  EXPECT_NE(failed_check("# CHECK: one\n# CHECK-NOT: two\n# CHECK: three\n", output), "");
  EXPECT_NE(failed_check("# CHECK-NOT: thr{{e+}}\n", output), "");
}

TEST(Targets, AreWhatTheGoldensTakeThemFor) {
  for (const char* cpu : {"x86-64-v3", "x86-64-v4"}) {
    const auto found = codegen::find_target(cpu);
    if (!found) GTEST_SKIP() << "LLVM's target here is not x86";
    const kernel::Target fixed = fixed_target(cpu);
    EXPECT_EQ(found->vector_registers, fixed.vector_registers);
    EXPECT_EQ(found->floats_a_register, fixed.floats_a_register);
  }
}

}  // namespace
}  // namespace netc::testing

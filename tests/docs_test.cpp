// What the documentation says is so: its programs compile, or fail with the words that it shows; its tables
// are those of the prelude and the registries; its JSON keys are those of the report.
//
// In README.md and docs/, a block that begins with three backticks and
//   netc               is a program that compiles without a word, given MNIST's description
//   netc part          is a part of one: it compiles with the line `dense 10 softmax` behind it
//   netc classes=N     is one given data of so many classes, 0: of a real target
//   netc error=KIND    gives just this kind of error
//   netc error [NAME]  gives the errors that the next block shows, exactly; NAME is the program's file
// Between `<!-- table: NAME -->` and `<!-- /table -->` stands what tables() makes; NETC_UPDATE_GOLDENS=1
// rewrites it.

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/driver/console.h"
#include "compiler/layers/layer.h"
#include "compiler/network/augment.h"
#include "compiler/network/names.h"
#include "compiler/network/network.h"
#include "compiler/network/text.h"
#include "compiler/prelude/bind.h"
#include "compiler/prelude/functions.h"
#include "compiler/syntax/parse.h"
#include "runtime/report.h"
#include "tests/golden/golden.h"

namespace netc {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> documents() {
  const fs::path root = NETC_SOURCE_DIR;
  std::vector<fs::path> list{root / "README.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") list.push_back(entry.path());
  std::sort(list.begin(), list.end());
  return list;
}

std::string read_document(std::string_view name) {
  return golden::read_file(fs::path(NETC_SOURCE_DIR) / "docs" / name);
}

struct Block {
  std::string place;               // file:line
  std::vector<std::string> words;  // behind the backticks
  std::string text;
};

std::vector<Block> read_blocks(const fs::path& path) {
  std::vector<Block> blocks;
  std::istringstream lines(golden::read_file(path));
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.starts_with("```")) {
      if (inside) blocks.back().text += line + "\n";
      continue;
    }
    inside = !inside;
    if (!inside) continue;
    std::istringstream words(line.substr(3));
    blocks.push_back({path.filename().string() + ":" + std::to_string(number),
                      {std::istream_iterator<std::string>(words), {}},
                      {}});
  }
  EXPECT_FALSE(inside) << path << " has a block without an end";
  return blocks;
}

// A program from its text to a network.
struct Attempt {
  Attempt(const std::string& name, const std::string& text, std::int64_t classes) {
    const SourceId source = sources.add(name, text);
    prelude = load_prelude(sources);
    program = parse_program(sources, source, diagnostics);
    if (!program) return;
    std::optional<DataSpec> data = read_data_spec(*program, sources, {}, diagnostics);
    if (!data) return;
    const DataDescription mnist{
        .sample = {ShapeKind::kImage, {28, 28, 1}}, .classes = classes, .train = 60000, .test = 10000};
    good = build_network(*program, sources, prelude, *data, mnist, {}, diagnostics).has_value();
  }

  Sources sources;
  Definitions prelude;
  Diagnostics diagnostics;
  std::optional<ast::Program> program;
  bool good = false;
};

void check_errors(const Attempt& attempt, const Block& message) {
  testing::internal::CaptureStderr();
  driver::print_diagnostics(attempt.sources, attempt.diagnostics);
  const std::string printed = testing::internal::GetCapturedStderr();
  // The block may show the command that the message follows.
  std::string shown = message.text;
  if (shown.starts_with("$ ")) shown.erase(0, shown.find('\n') + 1);
  EXPECT_EQ(printed, shown) << "at " << message.place;
}

void check_program(const std::vector<Block>& blocks, std::size_t number) {
  const Block& block = blocks[number];
  SCOPED_TRACE(block.place);
  const std::string how = block.words.size() > 1 ? block.words[1] : "";
  const std::string name = block.words.size() > 2 ? block.words[2] : "example.net";
  const bool of_classes = how.starts_with("classes=");
  const Attempt attempt(name, block.text + (how == "part" ? "\ndense 10 softmax\n" : ""),
                        of_classes ? std::stoll(how.substr(8)) : 10);
  if (how.empty() || how == "part" || of_classes) {
    EXPECT_TRUE(attempt.good && attempt.diagnostics.empty())
        << render_all(attempt.sources, attempt.diagnostics);
    return;
  }
  EXPECT_FALSE(attempt.good);
  if (how == "error") {
    ASSERT_LT(number + 1, blocks.size()) << "the message is missing";
    check_errors(attempt, blocks[number + 1]);
    return;
  }
  ASSERT_TRUE(how.starts_with("error=")) << "`" << how << "` means nothing here";
  std::vector<std::string> kinds;
  for (const Diagnostic& diagnostic : attempt.diagnostics.sorted()) kinds.emplace_back(diagnostic.kind);
  EXPECT_EQ(fmt::format("{}", fmt::join(kinds, ",")), how.substr(6));
}

TEST(Docs, ProgramsDoWhatIsSaid) {
  std::size_t count = 0;
  for (const fs::path& path : documents()) {
    const std::vector<Block> blocks = read_blocks(path);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].words.empty() || blocks[i].words[0] != "netc") continue;
      check_program(blocks, i);
      ++count;
    }
  }
  EXPECT_GT(count, 0u);
}

// The prelude's definitions in the order of their files, as rows of tables.
class Prelude {
 public:
  Prelude() : definitions_(load_prelude(sources_)) {}

  std::string activations() {
    std::string table = "| activation | parameters | f(x) | gain |\n|---|---|---|---|\n";
    for_each<ast::FunctionDefinition>([&](const ast::FunctionDefinition& definition) {
      if (definition.kind != ast::FunctionKind::kActivation) return;
      std::optional<Activation> bound =
          bind_activation(definition, definition.name.text, {}, {}, {definitions_, {}, {}, diagnostics_});
      ASSERT_TRUE(bound.has_value());
      table += fmt::format("| `{}` | {} | `{}` | {:.4g} |\n", definition.name.text,
                           parameters(definition.parameters, 1), text(definition.body->span), gain(*bound));
    });
    return table;
  }

  std::string losses() {
    std::string table = "| loss | parameters | of one output `y` and its target `t` |\n|---|---|---|\n";
    for_each<ast::FunctionDefinition>([&](const ast::FunctionDefinition& definition) {
      if (definition.kind != ast::FunctionKind::kLoss) return;
      table += fmt::format("| `{}` | {} | `{}` |\n", definition.name.text,
                           parameters(definition.parameters, 2), text(definition.body->span));
    });
    return table;
  }

  std::string schedules() {
    std::string table = "| schedule | parameters | its value |\n|---|---|---|\n";
    for_each<ast::FunctionDefinition>([&](const ast::FunctionDefinition& definition) {
      if (definition.kind != ast::FunctionKind::kSchedule) return;
      table += fmt::format("| `{}` | `base` {} | `{}` |\n", definition.name.text,
                           parameters(definition.parameters, 1), text(definition.body->span));
    });
    return table;
  }

  std::string optimizers() {
    std::string table = "| optimizer | parameters | a step |\n|---|---|---|\n";
    for_each<ast::OptimizerDefinition>([&](const ast::OptimizerDefinition& definition) {
      std::vector<std::string> lines;
      for (const ast::Assignment& line : definition.body) {
        if (!line.state) lines.push_back(fmt::format("`{}`", text(line.span)));
      }
      table += fmt::format("| `{}` | {} | {} |\n", definition.name.text, parameters(definition.parameters, 0),
                           fmt::join(lines, "<br>"));
    });
    return table;
  }

 private:
  template <typename Definition, typename Visit>
  void for_each(const Visit& visit) const {
    for (const ast::Program& program : definitions_.programs) {
      for (const ast::Statement& statement : program.statements)
        if (const auto* definition = std::get_if<Definition>(&statement.node)) visit(*definition);
    }
  }

  std::string text(Span span) const { return one_line(sources_, span); }

  std::string parameters(const std::vector<ast::Parameter>& parameters, std::size_t first) const {
    std::vector<std::string> list;
    for (std::size_t i = first; i < parameters.size(); ++i) {
      const ast::Parameter& parameter = parameters[i];
      list.push_back(fmt::format("`{}{}={}`", parameter.learn ? "learn " : "", parameter.name.text,
                                 text(parameter.default_value->span)));
    }
    return fmt::format("{}", fmt::join(list, " "));
  }

  Sources sources_;
  Diagnostics diagnostics_;
  Definitions definitions_;
};

template <typename Names>
std::string in_backticks(const Names& names) {
  std::vector<std::string> list;
  for (const auto& name : names) list.push_back(fmt::format("`{}`", name));
  return fmt::format("{}", fmt::join(list, " "));
}

std::string planned() {
  std::string table = "| what | names |\n|---|---|\n";
  auto row = [&](std::string_view what, std::span<const std::string_view> names) {
    table += fmt::format("| {} | {} |\n", what, in_backticks(names));
  };
  row("layers", planned_layers());
  row("data sources", planned_data_sources());
  row("settings of `data`", planned_data_settings());
  return table;
}

std::string metrics() {
  std::string table = "| metric | of | what it is |\n|---|---|---|\n";
  for (const runtime::Metric& metric : runtime::metrics()) {
    std::string name(metric.name);
    if (metric.parameter) name += fmt::format("({}={})", metric.parameter->name, metric.parameter->standard);
    table +=
        fmt::format("| `{}` | {} | {} |\n", name,
                    metric.task == runtime::MetricTask::kClasses ? "classes" : "numbers", metric.meaning);
  }
  return table;
}

std::map<std::string, std::string> tables() {
  Prelude prelude;
  return {{"activations", prelude.activations()},
          {"losses", prelude.losses()},
          {"optimizers", prelude.optimizers()},
          {"metrics", metrics()},
          {"schedules", prelude.schedules()},
          {"functions", in_backticks(function_names()) + "\n"},
          {"planned", planned()}};
}

TEST(Docs, TablesAreThePreludes) {
  std::map<std::string, std::string> missing = tables();
  for (const fs::path& path : documents()) {
    const std::string text = golden::read_file(path);
    std::string expected = text;
    for (const auto& [name, table] : tables()) {
      const std::string begin = fmt::format("<!-- table: {} -->\n", name);
      const std::size_t at = expected.find(begin);
      if (at == expected.npos) continue;
      const std::size_t from = at + begin.size(), to = expected.find("<!-- /table -->", from);
      ASSERT_NE(to, expected.npos) << name << " has no end in " << path;
      expected.replace(from, to - from, table);
      missing.erase(name);
    }
    if (expected != text) golden::expect(path, expected);
  }
  for (const auto& [name, table] : missing) ADD_FAILURE() << "no document has the table " << name;
}

// A row of a table for each name: `| `name` ...`.
void expect_rows(const std::string& document, std::span<const std::string_view> names) {
  for (std::string_view name : names)
    EXPECT_NE(document.find(fmt::format("\n| `{}`", name)), document.npos) << "no row for `" << name << "`";
}

TEST(Docs, LanguageNamesEverything) {
  const std::string text = read_document("language.md");
  expect_rows(text, statement_names());
  expect_rows(text, data_sources());
  expect_rows(text, train_settings());
  expect_rows(text, axis_activations());
  for (const AugmentationDef& augmentation : augmentations())
    expect_rows(text, std::array{augmentation.name});
  for (const LayerDef* layer : layer_registry()) {
    expect_rows(text, std::array{layer->name});
    for (const ParameterDef& parameter : layer->parameters)
      EXPECT_NE(text.find(parameter.name), text.npos) << layer->name << "'s " << parameter.name;
  }
}

// `train.epochs[].loss`, ...
void add_keys(const nlohmann::json& json, const std::string& prefix, std::set<std::string>& keys) {
  if (json.is_array() && !json.empty()) return add_keys(json[0], prefix + "[]", keys);
  if (!json.is_object()) {
    keys.insert(prefix);
    return;
  }
  for (const auto& [key, value] : json.items())
    add_keys(value, prefix.empty() ? key : prefix + "." + key, keys);
}

TEST(Docs, JsonKeysAreTheReports) {
  runtime::RunReport report;
  report.epochs.emplace_back();
  report.best.emplace();
  report.test.emplace().metrics.emplace_back();
  report.folds.emplace_back();
  report.profile = runtime::ProfileReport{.peaks = {0, {{}}}, .kernels = {{}}};
  std::set<std::string> keys, documented;
  add_keys(nlohmann::json::parse(runtime::to_json(report)), "", keys);
  const std::string text = read_document("json.md");
  const std::regex row(R"re(\n\| `([a-z0-9_.\[\]]+)` \|)re");
  for (std::sregex_iterator match(text.begin(), text.end(), row), end; match != end; ++match)
    documented.insert((*match)[1]);
  EXPECT_EQ(documented, keys);
}

}  // namespace
}  // namespace netc

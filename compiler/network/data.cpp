// The `data` statement.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"
#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/network/values.h"
#include "compiler/support/suggest.h"
#include "compiler/syntax/parse.h"

namespace netc {
namespace {

constexpr DiagnosticKind<> kDataWithoutSource{"data-without-source", "`data` needs the name of a source"};
constexpr DiagnosticKind<std::string_view> kUnknownData{"unknown-data", "there is no data source `{}`"};
constexpr DiagnosticKind<std::string_view> kDataNotBuilt{"data-not-built",
                                                         "the data source `{}` is not built yet"};
constexpr DiagnosticKind<std::string_view> kUnknownDataSetting{"unknown-data-setting",
                                                               "`data` has no setting `{}`"};
constexpr DiagnosticKind<std::string_view> kDataSettingNotBuilt{
    "data-setting-not-built", "the setting `{}` of `data` is not built yet"};
constexpr DiagnosticKind<std::string_view> kRepeatedDataSetting{"repeated-data-setting",
                                                                "`{}` is given twice"};
constexpr DiagnosticKind<std::string_view> kNotAFile{"not-a-file", "`{}` takes files, as texts in quotes"};
constexpr DiagnosticKind<std::string_view> kNoFiles{"no-files", "`{}` takes no files"};
constexpr DiagnosticKind<std::size_t> kIdxFiles{"idx-files", "`idx` takes 2 files or 4, but gets {}"};
constexpr DiagnosticKind<> kNotADataSpec{"not-a-data-spec",
                                         "`--data` takes one data source and its settings"};

// The arguments behind `data`, one by one.
class DataReader {
 public:
  explicit DataReader(Values& values) : values_(values), diagnostics_(values.diagnostics()) {}

  bool read_source(const ast::Name& source) {
    spec_.kind = source.text;
    if (contains(data_sources(), source.text)) return true;
    good_ = false;
    if (contains(planned_data_sources(), source.text)) {
      diagnostics_.error(kDataNotBuilt, source.span, source.text);
      return false;
    }
    DiagnosticBuilder error = diagnostics_.error(kUnknownData, source.span, source.text);
    if (std::optional<std::string> near = suggest(source.text, to_strings(data_sources())))
      error.caret("did you mean `" + *near + "`?");
    else error.hint(fmt::format("netc knows `{}`", fmt::join(data_sources(), "`, `")));
    return false;
  }

  void add(const ast::Argument& argument) {
    if (argument.key) {
      add_setting(*argument.key, *argument.value);
      return;
    }
    const auto* file = std::get_if<ast::String>(&argument.value->node);
    const auto* word = std::get_if<ast::NameUse>(&argument.value->node);
    if (file != nullptr) spec_.files.push_back(file->value);
    else if (word != nullptr && contains(planned_data_settings(), word->name))
      fail(kDataSettingNotBuilt, argument.span, word->name);
    else if (spec_.kind == "idx") fail(kNotAFile, argument.span, spec_.kind);
    else fail(kNoFiles, argument.span, spec_.kind);
    if (file != nullptr && spec_.kind != "idx") fail(kNoFiles, argument.span, spec_.kind);
  }

  std::optional<DataSpec> finish(Span source) {
    if (spec_.kind == "idx" && good_ && spec_.files.size() != 2 && spec_.files.size() != 4) {
      good_ = false;
      diagnostics_.error(kIdxFiles, source, spec_.files.size())
          .hint(
              "write `data idx \"train-images\" \"train-labels\"`, and the test images and labels behind "
              "them");
    }
    return good_ ? std::optional(std::move(spec_)) : std::nullopt;
  }

 private:
  void fail(const DiagnosticKind<std::string_view>& kind, Span span, std::string_view word) {
    diagnostics_.error(kind, span, word);
    good_ = false;
  }

  void add_setting(const ast::Name& key, const ast::Expr& value) {
    const std::map<std::string_view, std::optional<Amount>*> settings{
        {"validation", &spec_.validation}, {"test", &spec_.test}, {"limit", &spec_.limit}};
    auto found = settings.find(key.text);
    if (found == settings.end()) {
      good_ = false;
      if (contains(planned_data_settings(), key.text)) {
        diagnostics_.error(kDataSettingNotBuilt, key.span, key.text);
        return;
      }
      DiagnosticBuilder error = diagnostics_.error(kUnknownDataSetting, key.span, key.text);
      const std::vector<std::string> candidates{"validation", "test", "limit"};
      if (std::optional<std::string> near = suggest(key.text, candidates))
        error.caret("did you mean `" + *near + "`?");
      return;
    }
    if (found->second->has_value()) fail(kRepeatedDataSetting, key.span, key.text);
    std::optional<Amount> amount = read_amount(key.text, value, values_);
    good_ = good_ && amount.has_value();
    *found->second = amount;
  }

  Values& values_;
  Diagnostics& diagnostics_;
  DataSpec spec_;
  bool good_ = true;
};

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string()
                                         : std::string(path.substr(0, slash == 0 ? 1 : slash));
}

// `--data SPEC`: the text is a command of the language whose name is the source.
std::optional<DataSpec> read_override(const Override& override, Values& values, const Sources& sources) {
  Diagnostics& diagnostics = values.diagnostics();
  std::optional<ast::Program> program = parse_program(sources, override.source, diagnostics);
  if (!program) return std::nullopt;
  const Span all{override.source, 0, static_cast<std::uint32_t>(sources.text(override.source).size())};
  const auto* command =
      program->statements.size() == 1 ? std::get_if<ast::Command>(&program->statements[0].node) : nullptr;
  if (command == nullptr || !command->blocks.empty()) {
    diagnostics.error(kNotADataSpec, all).hint("write `--data mnist`, say");
    return std::nullopt;
  }
  DataReader reader(values);
  if (!reader.read_source(command->name)) return std::nullopt;
  for (const ast::Argument& argument : command->arguments) reader.add(argument);
  std::optional<DataSpec> spec = reader.finish(command->name.span);
  if (spec) spec->span = all;
  return spec;
}

std::optional<DataSpec> read_statement(const ast::Statement& statement, Values& values,
                                       const Sources& sources) {
  const ast::Command& command = command_of(statement);
  const auto* source = command.arguments.empty() || command.arguments[0].key
                           ? nullptr
                           : std::get_if<ast::NameUse>(&command.arguments[0].value->node);
  if (source == nullptr) {
    values.diagnostics().error(kDataWithoutSource, command.name.span).hint("write `data mnist`, say");
    return std::nullopt;
  }
  DataReader reader(values);
  const Span place = command.arguments[0].span;
  if (!reader.read_source({source->name, place})) return std::nullopt;
  for (std::size_t i = 1; i < command.arguments.size(); ++i) reader.add(command.arguments[i]);
  std::optional<DataSpec> spec = reader.finish(place);
  if (!spec) return std::nullopt;
  spec->span = statement.span;
  spec->directory = directory_of(sources.name(statement.span.source));
  return spec;
}

}  // namespace

std::int64_t samples_of(const Amount& amount, std::int64_t all) {
  return static_cast<std::int64_t>(amount.share ? std::floor(amount.value * static_cast<double>(all))
                                                : amount.value);
}

std::optional<DataSpec> read_data_spec(const ast::Program& program, const Sources& sources,
                                       const Overrides& overrides, Diagnostics& diagnostics) {
  // Of the rest of the program only what `data` needs is read here: the network reports everything else.
  Diagnostics elsewhere;
  Outline outline = make_outline(program, elsewhere);
  const Definitions none;
  Values values(outline, overrides, sources, none, std::nullopt, diagnostics);
  if (overrides.data) return read_override(*overrides.data, values, sources);
  if (outline.data != nullptr) return read_statement(*outline.data, values, sources);
  return DataSpec{};
}

}  // namespace netc

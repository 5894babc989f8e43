// The `data` statement.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "compiler/network/arguments.h"
#include "compiler/network/augment.h"
#include "compiler/network/names.h"
#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/network/table_settings.h"
#include "compiler/network/values.h"
#include "compiler/support/suggest.h"
#include "compiler/syntax/parse.h"
#include "runtime/data_source.h"
#include "runtime/image.h"

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
constexpr DiagnosticKind<std::string_view, std::string_view, std::size_t> kDataFiles{
    "data-files", "`{}` takes {}, but gets {}"};
constexpr DiagnosticKind<std::string_view, std::string_view> kSettingOfImages{
    "setting-of-images", "`{}` is for images that are files, not for `{}`"};
constexpr DiagnosticKind<std::string_view, std::string_view> kSettingOfTables{
    "setting-of-tables", "`{}` is for tables that are files, not for `{}`"};
constexpr DiagnosticKind<std::string_view> kImageSize{
    "image-size", "`{}` takes a height and a width of at most 65536, such as 32x32"};
constexpr DiagnosticKind<> kNotADataSpec{"not-a-data-spec",
                                         "`--data` takes one data source and its settings"};

constexpr std::string_view kAugment = "augment";
constexpr std::string_view kFolds = "cv";

// Words that say how many channels the images have.
constexpr std::pair<std::string_view, std::int64_t> kChannelWords[] = {{"grey", 1}, {"rgb", 3}};

constexpr std::pair<std::string_view, runtime::Normalization> kNormalizations[] = {
    {"none", runtime::Normalization::kNone},
    {"standard", runtime::Normalization::kStandard},
    {"minmax", runtime::Normalization::kMinMax}};

// `size=28x28`, `size=28`
const ParameterDef kSize{.name = "size",
                         .kind = ValueKind::kExtents,
                         .minimum = 1,
                         .maximum = static_cast<double>(runtime::kMaxImageSide),
                         .words = {}};

// The arguments behind `data`, one by one.
class DataReader {
 public:
  explicit DataReader(Values& values) : values_(values), diagnostics_(values.diagnostics()) {}

  bool read_source(const ast::Name& source) {
    spec_.kind = source.text;
    source_ = runtime::find_data_source(source.text);
    if (source_ != nullptr) return true;
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
    const auto* call = std::get_if<ast::Call>(&argument.value->node);
    const bool takes_none = source_->paths == std::vector<std::size_t>{0};
    if (file != nullptr && !takes_none) add_file(file->value, argument.span);
    else if (call != nullptr && call->function.text == kAugment) add_augmentation(*call, argument.span);
    else if (word != nullptr && word->name == kAugment) add_augmentation({}, argument.span);
    else if (word != nullptr && is_channel_word(word->name)) add_channels(word->name, argument.span);
    else if (call != nullptr && is_table_list(call->function.text)) add_table_list(*call, argument.span);
    else if (word != nullptr && word->name == kNoHeader) add_no_header(argument.span);
    else if (word != nullptr && contains(planned_data_settings(), word->name))
      fail(kDataSettingNotBuilt, argument.span, word->name);
    else if (takes_none) fail(kNoFiles, argument.span, spec_.kind);
    else fail_as_file(word, argument.span);
  }

  std::optional<DataSpec> finish(Span source) {
    if (good_ && std::ranges::find(source_->paths, spec_.files.size()) == source_->paths.end()) {
      good_ = false;
      diagnostics_.error(kDataFiles, source, spec_.kind, source_->takes, spec_.files.size())
          .hint(source_->example);
    }
    return good_ ? std::optional(std::move(spec_)) : std::nullopt;
  }

 private:
  void fail(const DiagnosticKind<std::string_view>& kind, Span span, std::string_view word) {
    diagnostics_.error(kind, span, word);
    good_ = false;
  }

  // `word` is null for other values.
  void fail_as_file(const ast::NameUse* word, Span span) {
    good_ = false;
    DiagnosticBuilder error = diagnostics_.error(kNotAFile, span, spec_.kind);
    if (word == nullptr || !source_->image_settings) return;
    std::vector<std::string> candidates;
    for (const auto& [known, channels] : kChannelWords) candidates.emplace_back(known);
    if (std::optional<std::string> near = suggest(word->name, candidates))
      error.caret("did you mean `" + *near + "`?");
  }

  void add_file(const std::string& file, Span span) {
    spec_.files.push_back(file);
    spec_.file_places.try_emplace(file, span);
  }

  static bool is_channel_word(std::string_view word) {
    return std::ranges::any_of(kChannelWords, [&](const auto& known) { return known.first == word; });
  }

  // False after an error.
  bool takes_image_settings(std::string_view setting, Span span) {
    if (source_->image_settings) return true;
    diagnostics_.error(kSettingOfImages, span, setting, spec_.kind);
    return good_ = false;
  }

  void add_channels(std::string_view word, Span span) {
    if (!takes_image_settings(word, span)) return;
    if (spec_.images.channels != 0) fail(kRepeatedDataSetting, span, "grey` or `rgb");
    for (const auto& [known, channels] : kChannelWords)
      if (known == word) spec_.images.channels = channels;
  }

  // False after an error.
  bool takes_table_settings(std::string_view setting, Span span) {
    if (source_->table_settings) return true;
    diagnostics_.error(kSettingOfTables, span, setting, spec_.kind);
    return good_ = false;
  }

  void add_no_header(Span span) {
    if (!takes_table_settings(kNoHeader, span)) return;
    if (!spec_.table.header) fail(kRepeatedDataSetting, span, kNoHeader);
    spec_.table.header = false;
  }

  void add_table_list(const ast::Call& call, Span span) {
    if (!takes_table_settings(call.function.text, span)) return;
    if (!given_.insert(call.function.text).second) fail(kRepeatedDataSetting, span, call.function.text);
    else good_ = read_table_list(call, span, values_, spec_) && good_;
  }

  // Whether the setting is one of tables or of a set that is made.
  bool add_to_table(const ast::Name& key, const ast::Expr& value) {
    const bool of_table = contains_text(table_settings(), key.text);
    const runtime::MadeNumber* number = made_number(key.text);
    if (!of_table && number == nullptr) return false;
    if (of_table && !takes_table_settings(key.text, key.span)) return true;
    if (!given_.insert(key.text).second) fail(kRepeatedDataSetting, key.span, key.text);
    else if (of_table) good_ = read_table_setting(key, value, values_, spec_) && good_;
    else good_ = read_made_number(*number, value, values_, spec_.made) && good_;
    return true;
  }

  const runtime::MadeNumber* made_number(std::string_view name) const {
    if (source_->made == nullptr) return nullptr;
    for (const runtime::MadeNumber& number : source_->made->numbers)
      if (number.name == name) return &number;
    return nullptr;
  }

  static bool contains_text(const std::vector<std::string>& texts, const std::string& text) {
    return std::ranges::find(texts, text) != texts.end();
  }

  // The settings that the source takes.
  std::vector<std::string> candidates() const {
    std::vector<std::string> names{"validation", "test", "limit", "size", "normalize", "cv"};
    if (source_->table_settings) std::ranges::copy(table_settings(), std::back_inserter(names));
    if (source_->made != nullptr)
      for (const runtime::MadeNumber& number : source_->made->numbers) names.emplace_back(number.name);
    return names;
  }

  void add_augmentation(const ast::Call& call, Span span) {
    if (spec_.augment_span != Span{}) fail(kRepeatedDataSetting, span, kAugment);
    std::optional<runtime::Augmentation> read = read_augmentation(call, span, values_);
    good_ = good_ && read;
    spec_.augmentation = read.value_or(runtime::Augmentation{});
    spec_.augment_span = span;
  }

  void add_size(const ast::Name& key, const ast::Expr& expr) {
    if (!takes_image_settings(key.text, key.span)) return;
    if (spec_.images.height != 0) fail(kRepeatedDataSetting, key.span, key.text);
    std::optional<Value> value = values_.evaluate(expr);
    std::optional<ArgumentValue> read =
        value ? read_value(kSize, *value, expr.span, diagnostics_) : std::nullopt;
    if (!read) {
      good_ = false;
      return;
    }
    const auto& extents = std::get<std::vector<std::int64_t>>(*read);
    if (extents.size() > 2 || std::ranges::max(extents) > runtime::kMaxImageSide) {
      fail(kImageSize, expr.span, key.text);
      return;
    }
    spec_.images.height = extents.front();
    spec_.images.width = extents.back();
  }

  void add_normalization(const ast::Name& key, const ast::Expr& expr) {
    if (spec_.normalize) fail(kRepeatedDataSetting, key.span, key.text);
    ParameterDef parameter{.name = key.text, .kind = ValueKind::kWord, .words = {}};
    for (const auto& [word, kind] : kNormalizations) parameter.words.push_back(word);
    const auto* word = std::get_if<ast::NameUse>(&expr.node);
    std::optional<Value> value = word != nullptr ? Value{word->name} : values_.evaluate(expr);
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
    good_ = good_ && read;
    if (!read) return;
    for (const auto& [known, kind] : kNormalizations)
      if (known == std::get<std::string>(*read)) spec_.normalize = kind;
  }

  void add_folds(const ast::Name& key, const ast::Expr& expr) {
    if (spec_.folds != 0) fail(kRepeatedDataSetting, key.span, key.text);
    const ParameterDef parameter{
        .name = kFolds, .kind = ValueKind::kCount, .minimum = 2, .maximum = 1000, .words = {}};
    std::optional<Value> value = values_.evaluate(expr);
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
    good_ = good_ && read;
    if (!read) return;
    spec_.folds = std::get<std::int64_t>(*read);
    spec_.folds_span = expr.span;
  }

  void add_setting(const ast::Name& key, const ast::Expr& value) {
    if (key.text == "size") return add_size(key, value);
    if (key.text == "normalize") return add_normalization(key, value);
    if (key.text == kFolds) return add_folds(key, value);
    if (add_to_table(key, value)) return;
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
      if (std::optional<std::string> near = suggest(key.text, candidates()))
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
  const runtime::DataSource* source_ = nullptr;
  DataSpec spec_;
  std::set<std::string> given_;  // of tables and sets that are made
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

std::int64_t held_out(const DataSpec& data, const DataDescription& description) {
  return description.holds_out && data.test ? samples_of(*data.test, description.train) : 0;
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

#include "compiler/network/settings.h"

#include "compiler/network/names.h"
#include "compiler/support/suggest.h"
#include "compiler/syntax/parse.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kUnknownSetting{"unknown-setting", "`train` has no setting `{}`"};
constexpr DiagnosticKind<std::string_view> kRepeatedSetting{"repeated-setting", "`{}` is set twice"};
constexpr DiagnosticKind<std::string_view> kSettingInSetting{"setting-in-setting",
                                                             "`{}` is a setting of its own"};
constexpr DiagnosticKind<> kTrainWithoutBlock{"train-without-block",
                                              "`train` takes its settings in one block"};
constexpr DiagnosticKind<> kNotASetting{"not-a-setting", "this is no setting of `train`"};

// Settings of `data` that have a flag too.
bool is_data_setting(std::string_view name) { return name == "test" || name == "limit"; }

// Settings whose flag takes what would stand behind their name, not one value.
bool takes_command(std::string_view name) {
  return name == "optimizer" || name == "loss" || begins_with_name(name);
}

// What such a flag may say.
std::string_view example(std::string_view name) {
  if (name == "loss") return "mse";
  if (name == "optimizer") return "adam";
  if (name == "metrics") return "f1";
  if (name == "clip") return "norm=1";
  return name == "class_weight" ? "balanced" : "val_loss patience=5";
}

}  // namespace

bool begins_with_name(std::string_view setting) {
  constexpr std::string_view kLists[] = {"metrics", "clip", "class_weight", "early_stop", "reduce_lr"};
  return contains(kLists, setting);
}

SettingList::SettingList(const Outline& outline, const Overrides& overrides, const Sources& sources,
                         Diagnostics& diagnostics)
    : sources_(sources), diagnostics_(diagnostics) {
  if (outline.train != nullptr) {
    const ast::Command& train = command_of(*outline.train);
    if (!train.arguments.empty() || !train.trailing.empty() || train.blocks.size() != 1) {
      diagnostics_.error(kTrainWithoutBlock, train.name.span).hint("write `train { epochs 5; batch 32 }`");
      good_ = false;
    }
    for (const ast::Block& block : train.blocks) add_block(block);
  }
  for (const Override& override : overrides.train) add_override(override);
}

const Setting* SettingList::find(std::string_view name) const {
  auto found = settings_.find(name);
  return found == settings_.end() ? nullptr : &found->second;
}

void SettingList::check_name(const ast::Name& name) {
  if (contains(train_settings(), name.text)) return;
  good_ = false;
  DiagnosticBuilder error = diagnostics_.error(kUnknownSetting, name.span, name.text);
  const std::vector<std::string> candidates = to_strings(train_settings());
  if (std::optional<std::string> near = suggest(name.text, candidates))
    error.caret("did you mean `" + *near + "`?");
  else if (is_data_setting(name.text)) error.hint("`" + name.text + "=` belongs to `data`");
}

// `optimizer adam lr=0.1 epochs 5`: a word among the arguments that is a setting and has a value behind it.
void SettingList::cut_at_next_setting(Setting& setting) {
  for (std::size_t i = 1; i + 1 < setting.arguments.size(); ++i) {
    const ast::Argument &argument = *setting.arguments[i], &behind = *setting.arguments[i + 1];
    const auto* word = std::get_if<ast::NameUse>(&argument.value->node);
    if (word == nullptr || argument.key || behind.key || !contains(train_settings(), word->name)) continue;
    diagnostics_.error(kSettingInSetting, argument.span, word->name).caret("write `;` before it");
    good_ = false;
    setting.arguments.resize(i);
    return;
  }
}

void SettingList::add_block(const ast::Block& block) {
  for (const ast::Statement& statement : block.statements) {
    const auto* command = std::get_if<ast::Command>(&statement.node);
    if (command == nullptr || !command->blocks.empty()) {
      diagnostics_.error(kNotASetting, statement.span)
          .hint("a setting is a name and what it is set to, such as `epochs 5`");
      good_ = false;
      continue;
    }
    check_name(command->name);
    Setting setting{.name = command->name, .arguments = {}};
    for (const ast::Argument& argument : command->arguments) setting.arguments.push_back(&argument);
    cut_at_next_setting(setting);
    auto [first, fresh] = settings_.try_emplace(command->name.text, std::move(setting));
    if (fresh) continue;
    diagnostics_.error(kRepeatedSetting, command->name.span, command->name.text)
        .label(first->second.name.span, "first here");
    good_ = false;
  }
}

const ast::Argument* SettingList::keep(ast::ExprPtr value) {
  const Span span = value->span;
  arguments_.push_back({.key = std::nullopt, .value = std::move(value), .span = span});
  return &arguments_.back();
}

void SettingList::add_override(const Override& override) {
  const Span all{override.source, 0, static_cast<std::uint32_t>(sources_.text(override.source).size())};
  Setting setting{.name = {override.name, all}, .arguments = {}, .overridden = true};
  if (!takes_command(override.name)) {
    if (!is_data_setting(override.name)) check_name(setting.name);
    ast::ExprPtr value = parse_expression(sources_, override.source, diagnostics_);
    good_ = good_ && value != nullptr;
    if (value != nullptr) setting.arguments.push_back(keep(std::move(value)));
  } else if (std::optional<ast::Program> program = parse_program(sources_, override.source, diagnostics_)) {
    programs_.push_back(std::move(*program));
    const std::vector<ast::Statement>& statements = programs_.back().statements;
    const auto* command = statements.size() == 1 ? std::get_if<ast::Command>(&statements[0].node) : nullptr;
    if (command == nullptr || !command->blocks.empty()) {
      diagnostics_.error(kNotASetting, all)
          .hint(fmt::format("write `--{} {}`, say", override.name, example(override.name)));
      good_ = false;
      return;
    }
    if (!begins_with_name(override.name))
      setting.arguments.push_back(
          keep(std::make_unique<ast::Expr>(ast::Expr{ast::NameUse{command->name.text}, command->name.span})));
    for (const ast::Argument& argument : command->arguments) setting.arguments.push_back(&argument);
  } else {
    good_ = false;
  }
  settings_.insert_or_assign(override.name, std::move(setting));
}

}  // namespace netc

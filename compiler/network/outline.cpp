#include "compiler/network/outline.h"

#include <set>

#include "compiler/network/names.h"
#include "compiler/prelude/walk.h"
#include "compiler/support/overloaded.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kRepeatedSection{"repeated-section", "`{}` is there twice"};
constexpr DiagnosticKind<std::string_view, std::string_view> kNameTaken{"name-taken",
                                                                        "the name `{}` is taken: it is {}"};
constexpr DiagnosticKind<std::string_view> kNameTwice{"name-twice", "the name `{}` is given twice"};
constexpr DiagnosticKind<std::string_view> kUnusedLet{"unused-let", "the value `{}` is never used"};
constexpr DiagnosticKind<> kSweepNotBuilt{"sweep-not-built", "`sweep` is not built yet"};

// Calls `visit` with every expression of a statement, those in its blocks included.
template <typename Visit>
void for_each_value(const ast::Statement& statement, Visit& visit);

template <typename Visit>
void for_each_value(const ast::Block& block, Visit& visit) {
  for (const ast::Statement& statement : block.statements) for_each_value(statement, visit);
}

template <typename Visit>
void for_each_value(const std::vector<ast::Parameter>& parameters, Visit& visit) {
  for (const ast::Parameter& parameter : parameters) {
    if (parameter.default_value != nullptr) visit(*parameter.default_value);
  }
}

template <typename Visit>
void for_each_value(const ast::Statement& statement, Visit& visit) {
  std::visit(overloaded{
                 [&](const ast::Command& command) {
                   for (const ast::Argument& argument : command.arguments) visit(*argument.value);
                   for (const ast::Argument& argument : command.trailing) visit(*argument.value);
                   for (const ast::Block& block : command.blocks) for_each_value(block, visit);
                 },
                 [&](const ast::Let& let) { visit(*let.value); },
                 [](const ast::Sweep&) {},
                 [&](const ast::Repeat& repeat) {
                   visit(*repeat.count);
                   for_each_value(repeat.body, visit);
                 },
                 [&](const ast::BlockDefinition& block) {
                   for_each_value(block.parameters, visit);
                   for_each_value(block.body, visit);
                 },
                 [&](const ast::FunctionDefinition& function) {
                   for_each_value(function.parameters, visit);
                   visit(*function.body);
                 },
                 [&](const ast::OptimizerDefinition& optimizer) {
                   for_each_value(optimizer.parameters, visit);
                   for (const ast::Assignment& assignment : optimizer.body) visit(*assignment.value);
                 },
             },
             statement.node);
}

// A `let` of an activation may also stand as a layer: `let act = relu` and then `act`.
void note_commands(const std::vector<ast::Statement>& statements, std::set<std::string>& used) {
  for (const ast::Statement& statement : statements) {
    if (const auto* command = std::get_if<ast::Command>(&statement.node)) {
      used.insert(command->name.text);
      for (const ast::Block& block : command->blocks) note_commands(block.statements, used);
    } else if (const auto* repeat = std::get_if<ast::Repeat>(&statement.node)) {
      note_commands(repeat->body.statements, used);
    } else if (const auto* block = std::get_if<ast::BlockDefinition>(&statement.node)) {
      note_commands(block->body.statements, used);
    }
  }
}

// The name that a statement gives to something; null when none.
const ast::Name* given_name(const ast::Statement& statement) {
  return std::visit(overloaded{
                        [](const ast::Command&) -> const ast::Name* { return nullptr; },
                        [](const ast::Repeat&) -> const ast::Name* { return nullptr; },
                        [](const auto& named) -> const ast::Name* { return &named.name; },
                    },
                    statement.node);
}

}  // namespace

const ast::Command& command_of(const ast::Statement& statement) {
  return std::get<ast::Command>(statement.node);
}

Outline make_outline(const ast::Program& program, Diagnostics& diagnostics) {
  Outline outline;
  const std::map<std::string_view, const ast::Statement**> sections{{"model", &outline.model},
                                                                    {"data", &outline.data},
                                                                    {"input", &outline.input},
                                                                    {"train", &outline.train}};
  add_definitions(program, outline.definitions);
  for (const ast::Statement& statement : program.statements) {
    if (const auto* command = std::get_if<ast::Command>(&statement.node)) {
      auto section = sections.find(command->name.text);
      if (section == sections.end()) outline.layers.push_back(&statement);
      else if (*section->second == nullptr) *section->second = &statement;
      else {
        diagnostics.error(kRepeatedSection, command->name.span, command->name.text)
            .label(command_of(**section->second).name.span, "first here");
      }
    } else if (std::holds_alternative<ast::Repeat>(statement.node)) {
      outline.layers.push_back(&statement);
    } else if (const auto* let = std::get_if<ast::Let>(&statement.node)) {
      outline.lets.push_back(let);
    } else if (const auto* sweep = std::get_if<ast::Sweep>(&statement.node)) {
      outline.sweeps.push_back(sweep);
    } else if (const auto* block = std::get_if<ast::BlockDefinition>(&statement.node)) {
      outline.blocks[block->name.text] = block;
    }
  }
  return outline;
}

void check_names(const ast::Program& program, const Definitions& prelude, Diagnostics& diagnostics) {
  std::set<std::string> used;
  auto note = [&](const ast::Expr& expr) {
    for_each_name(expr, [&](const std::string& name, bool) { used.insert(name); });
  };
  for (const ast::Statement& statement : program.statements) for_each_value(statement, note);
  note_commands(program.statements, used);
  std::map<std::string, Span> given;
  for (const ast::Statement& statement : program.statements) {
    const ast::Name* name = given_name(statement);
    if (name == nullptr) continue;
    if (std::string_view meaning = built_in_meaning(name->text, prelude); !meaning.empty()) {
      diagnostics.error(kNameTaken, name->span, name->text, meaning)
          .hint("there is no shadowing: choose another name");
    } else if (auto [first, fresh] = given.try_emplace(name->text, name->span); !fresh) {
      diagnostics.error(kNameTwice, name->span, name->text).label(first->second, "first here");
    } else if (std::holds_alternative<ast::Let>(statement.node) && !used.contains(name->text)) {
      diagnostics.error(kUnusedLet, name->span, name->text);
    }
    if (std::holds_alternative<ast::Sweep>(statement.node)) diagnostics.error(kSweepNotBuilt, statement.span);
  }
}

}  // namespace netc

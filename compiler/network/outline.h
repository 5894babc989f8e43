#pragma once
// A program's statements by what they are for, before any name is looked up.

#include <map>
#include <string>
#include <vector>

#include "compiler/prelude/prelude.h"
#include "compiler/support/diagnostics.h"
#include "compiler/syntax/ast.h"

namespace netc {

// Points into the program.
struct Outline {
  const ast::Statement* model = nullptr;
  const ast::Statement* data = nullptr;
  const ast::Statement* input = nullptr;
  const ast::Statement* train = nullptr;
  std::vector<const ast::Statement*> layers;  // commands and repeats, top to bottom
  std::vector<const ast::Let*> lets;
  std::vector<const ast::Sweep*> sweeps;
  std::map<std::string, const ast::BlockDefinition*, std::less<>> blocks;
  Definitions definitions;  // without `values`
};

// Reports sections that are there twice.
Outline make_outline(const ast::Program& program, Diagnostics& diagnostics);

// Reports names of a person's that are taken, and what is not built yet. Every `let` is used somewhere.
void check_names(const ast::Program& program, const Definitions& prelude, Diagnostics& diagnostics);

// The command of a section: its statement is one.
const ast::Command& command_of(const ast::Statement& statement);

}  // namespace netc

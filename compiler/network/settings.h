#pragma once
// The settings of `train` by name, from the program and from the command line, before they are read.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/network/network.h"
#include "compiler/network/outline.h"

namespace netc {

// `optimizer adam lr=0.001`: a name with arguments.
struct Setting {
  ast::Name name;
  std::vector<const ast::Argument*> arguments;
  bool overridden = false;  // comes from the command line
};

class SettingList {
 public:
  SettingList(const Outline& outline, const Overrides& overrides, const Sources& sources,
              Diagnostics& diagnostics);

  const Setting* find(std::string_view name) const;
  bool good() const { return good_; }

 private:
  void cut_at_next_setting(Setting& setting);
  void add_block(const ast::Block& block);
  void add_override(const Override& override);
  void check_name(const ast::Name& name);
  const ast::Argument* keep(ast::ExprPtr value);

  const Sources& sources_;
  Diagnostics& diagnostics_;
  std::map<std::string, Setting, std::less<>> settings_;
  std::deque<ast::Program> programs_;    // of overrides
  std::deque<ast::Argument> arguments_;  // of overrides
  bool good_ = true;
};

}  // namespace netc

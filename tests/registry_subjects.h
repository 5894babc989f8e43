#pragma once
// Every activation and element-wise loss of the prelude, for tests that go through all of them.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/prelude.h"

namespace netc::testing {

// A function of the registry with its default arguments. `others`: its learned parameters, where they start.
struct Subject {
  std::string name;
  graph::ScalarExpr expr;
  std::vector<double> others;
};

// The prelude, and calls of its definitions with arguments by name.
class RegistryCalls {
 public:
  using Numbers = std::map<std::string, double>;

  RegistryCalls() : prelude_(load_prelude(sources_)) {}
  const Definitions& prelude() const { return prelude_; }

  Subject activation(const std::string& name, const Numbers& arguments = {}) {
    Given given(arguments);
    std::optional<Activation> bound =
        bind_activation(*prelude_.activations.at(name), name, {}, given.list, context());
    EXPECT_TRUE(bound) << name;
    if (!bound) return {name, {}, {}};
    Subject subject{name, bound->function.expr, {}};
    for (const LearnedParameter& learned : bound->learned) subject.others.push_back(learned.initial);
    return subject;
  }

  Subject loss(const std::string& name, const Numbers& arguments = {}) {
    Given given(arguments);
    std::optional<graph::ScalarFunction> bound =
        bind_loss(*prelude_.losses.at(name), {}, given.list, context());
    EXPECT_TRUE(bound) << name;
    return {name, bound ? bound->expr : graph::ScalarExpr{}, {}};
  }

  OptimizerRule optimizer(const std::string& name, const Numbers& arguments = {}) {
    Given given(arguments);
    std::optional<OptimizerRule> bound =
        bind_optimizer(*prelude_.optimizers.at(name), {}, given.list, {}, context());
    EXPECT_TRUE(bound) << name;
    return bound.value_or(OptimizerRule{});
  }

  std::vector<Subject> activations() {
    std::vector<Subject> all;
    for (const auto& entry : prelude_.activations) all.push_back(activation(entry.first));
    return all;
  }

  std::vector<Subject> losses() {
    std::vector<Subject> all;
    for (const auto& entry : prelude_.losses) all.push_back(loss(entry.first));
    return all;
  }

 private:
  // Arguments as the syntax tree has them.
  struct Given {
    explicit Given(const Numbers& numbers) {
      for (const auto& [name, value] : numbers) {
        names.push_back({name, {}});
        values.push_back(ast::Expr{ast::Number{value}, {}});
      }
      for (std::size_t i = 0; i < names.size(); ++i) list.push_back({&names[i], &values[i]});
    }
    std::vector<ast::Name> names;
    std::vector<ast::Expr> values;
    std::vector<GivenArgument> list;
  };

  BindContext context() { return {prelude_, none_, scope_, diagnostics_}; }

  Sources sources_;
  Definitions prelude_, none_;
  Scope scope_;
  Diagnostics diagnostics_;
};

}  // namespace netc::testing

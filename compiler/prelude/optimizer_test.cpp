// The update rules of the prelude against PyTorch's, transcribed by hand from torch/optim/*.py.

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/prelude.h"
#include "compiler/support/render.h"
#include "compiler/syntax/parse.h"

namespace netc {
namespace {

constexpr int kSteps = 20;

double gradient_at(int step, double w) { return std::sin(1.7 * step) + 0.3 * w; }

// `optimizer NAME ARGUMENTS`, as a program says it.
class OptimizerTest : public ::testing::Test {
 protected:
  OptimizerTest() : prelude_(load_prelude(sources_)) {}

  OptimizerRule bind(const std::string& text, bool without_decay = false) {
    SourceId source = sources_.add("test.net", text);
    program_ = parse_program(sources_, source, diagnostics_);
    EXPECT_TRUE(program_.has_value()) << render_all(sources_, diagnostics_);
    const auto& command = std::get<ast::Command>(program_->statements.back().node);
    std::vector<GivenArgument> arguments;
    for (const ast::Argument& argument : command.arguments)
      arguments.push_back({argument.key ? &*argument.key : nullptr, argument.value.get()});
    Definitions user;
    add_definitions(*program_, user);
    auto own = user.optimizers.find(command.name.text);
    const ast::OptimizerDefinition* definition =
        own != user.optimizers.end() ? own->second : prelude_.optimizers.find(command.name.text)->second;
    std::optional<OptimizerRule> rule =
        bind_optimizer(*definition, command.name.span, arguments, {.without_decay = without_decay},
                       {prelude_, user, scope_, diagnostics_});
    EXPECT_TRUE(rule.has_value()) << render_all(sources_, diagnostics_);
    return rule.value_or(OptimizerRule{});
  }

  // Runs the rule beside `expected`, which takes (step, w, g) and returns the next w.
  static void compare(const OptimizerRule& rule, const std::function<double(int, double, double)>& expected) {
    double w = 0.8, reference = 0.8;
    std::vector<double> states;
    for (const OptimizerRule::State& state : rule.states) states.push_back(state.initial);
    for (int step = 1; step <= kSteps; ++step) {
      std::vector<double> operands{w, gradient_at(step, w)};
      operands.insert(operands.end(), states.begin(), states.end());
      operands.insert(operands.end(), {double(step), double((step - 1) / 5), double(step - 1) / kSteps});
      reference = expected(step, reference, gradient_at(step, reference));
      w = graph::evaluate(rule.next_w, operands);
      for (std::size_t i = 0; i < states.size(); ++i)
        states[i] = graph::evaluate(rule.next_states[i], operands);
      ASSERT_NEAR(w, reference, 1e-12) << rule.name << " step " << step;
    }
  }

  Sources sources_;
  Diagnostics diagnostics_;
  Definitions prelude_;
  Scope scope_;
  std::optional<ast::Program> program_;
};

TEST_F(OptimizerTest, Sgd) {
  compare(bind("sgd lr=0.05"), [](int, double w, double g) { return w - 0.05 * g; });
}

TEST_F(OptimizerTest, SgdWithMomentum) {
  double buffer = 0;
  compare(bind("sgd lr=0.05 momentum=0.9"), [&](int step, double w, double g) {
    buffer = step == 1 ? g : 0.9 * buffer + g;
    return w - 0.05 * buffer;
  });
}

TEST_F(OptimizerTest, SgdWithNesterov) {
  double buffer = 0;
  compare(bind("sgd lr=0.05 momentum=0.9 nesterov"), [&](int step, double w, double g) {
    buffer = step == 1 ? g : 0.9 * buffer + g;
    return w - 0.05 * (g + 0.9 * buffer);
  });
}

std::function<double(int, double, double)> adam(double lr, double decay) {
  return [=, m = 0.0, v = 0.0](int step, double w, double g) mutable {
    w *= 1 - lr * decay;
    m += (g - m) * (1 - 0.9);
    v = 0.999 * v + (1 - 0.999) * g * g;
    const double denominator = std::sqrt(v) / std::sqrt(1 - std::pow(0.999, step)) + 1e-8;
    return w - lr / (1 - std::pow(0.9, step)) * (m / denominator);
  };
}

TEST_F(OptimizerTest, Adam) { compare(bind("adam lr=0.02"), adam(0.02, 0)); }
TEST_F(OptimizerTest, AdamW) { compare(bind("adamw lr=0.02 decay=0.1"), adam(0.02, 0.1)); }
TEST_F(OptimizerTest, AdamWOfBiases) { compare(bind("adamw lr=0.02 decay=0.1", true), adam(0.02, 0)); }

TEST_F(OptimizerTest, RmsProp) {
  double s = 0;
  compare(bind("rmsprop"), [&](int, double w, double g) {
    s = 0.99 * s + (1 - 0.99) * g * g;
    return w - 0.01 * g / (std::sqrt(s) + 1e-8);
  });
}

TEST_F(OptimizerTest, RmsPropCenteredWithMomentum) {
  double s = 0, a = 0, buffer = 0;
  compare(bind("rmsprop centered momentum=0.8 alpha=0.9"), [&](int, double w, double g) {
    s = 0.9 * s + (1 - 0.9) * g * g;
    a += (g - a) * (1 - 0.9);
    buffer = 0.8 * buffer + g / (std::sqrt(s - a * a) + 1e-8);
    return w - 0.01 * buffer;
  });
}

TEST_F(OptimizerTest, RateMayDependOnTime) {
  compare(bind("sgd lr=(0.1 * 0.5^epoch * (1 - progress) / step)"), [](int step, double w, double g) {
    return w - 0.1 * std::pow(0.5, (step - 1) / 5) * (1 - double(step - 1) / kSteps) / step * g;
  });
}

TEST_F(OptimizerTest, ScheduleByName) {
  OptimizerRule rule = bind("schedule warm(base, over=4) = base * min(1, step / over)\nsgd lr=warm(0.1)");
  compare(rule, [](int step, double w, double g) { return w - 0.1 * std::min(1.0, step / 4.0) * g; });
}

TEST_F(OptimizerTest, AssignmentsTakeEffectInOrder) {
  OptimizerRule rule = bind(
      "optimizer own(lr=0.1) { state v = 2; state idle = 1; idle = idle + g; v = v + g; h = v * 2; w = w - "
      "lr * h }\nown");
  ASSERT_EQ(rule.states.size(), 1u);
  EXPECT_EQ(rule.states[0].name, "v");
  double v = 2;
  compare(rule, [&](int, double w, double g) {
    v += g;
    return w - 0.1 * (v * 2);
  });
}

}  // namespace
}  // namespace netc

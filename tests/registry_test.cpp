// Every activation and element-wise loss of the prelude: its derived gradient against finite differences and
// at kinks, and its value and gradient in float arithmetic against doubles, also where floats overflow.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/prelude.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarOp;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

float apply(ScalarOp op, float a, float b, float c) {
  switch (op) {
    case ScalarOp::kAdd: return a + b;
    case ScalarOp::kSubtract: return a - b;
    case ScalarOp::kMultiply: return a * b;
    case ScalarOp::kDivide: return a / b;
    case ScalarOp::kPower: return std::pow(a, b);
    case ScalarOp::kMin: return std::isnan(a) || std::isnan(b) ? a + b : std::min(a, b);
    case ScalarOp::kMax: return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
    case ScalarOp::kLess: return a < b ? 1 : 0;
    case ScalarOp::kLessEqual: return a <= b ? 1 : 0;
    case ScalarOp::kEqual: return a == b ? 1 : 0;
    case ScalarOp::kNotEqual: return a != b ? 1 : 0;
    case ScalarOp::kNegate: return -a;
    case ScalarOp::kAbs: return std::abs(a);
    case ScalarOp::kSign: return std::isnan(a) ? a : a > 0 ? 1 : a < 0 ? -1 : 0;
    case ScalarOp::kFloor: return std::floor(a);
    case ScalarOp::kSqrt: return std::sqrt(a);
    case ScalarOp::kExp: return std::exp(a);
    case ScalarOp::kExpm1: return std::expm1(a);
    case ScalarOp::kLog: return std::log(a);
    case ScalarOp::kLog1p: return std::log1p(a);
    case ScalarOp::kSin: return std::sin(a);
    case ScalarOp::kCos: return std::cos(a);
    case ScalarOp::kTanh: return std::tanh(a);
    case ScalarOp::kSigmoid: return a >= 0 ? 1 / (1 + std::exp(-a)) : std::exp(a) / (1 + std::exp(a));
    case ScalarOp::kSoftplus:
      return std::isnan(a) ? a : std::max(a, 0.0f) + std::log1p(std::exp(-std::abs(a)));
    case ScalarOp::kErf: return std::erf(a);
    case ScalarOp::kConvert:
    case ScalarOp::kStopGradient: return a;
    case ScalarOp::kSelect: return a != 0 ? b : c;
    case ScalarOp::kConstant:
    case ScalarOp::kOperand: break;
  }
  ADD_FAILURE() << "not an operation";
  return 0;
}

// As compiled code does it: every constant and every operation in float.
float evaluate_float(const ScalarExpr& expr, const std::vector<double>& operands) {
  std::vector<float> values;
  for (const graph::ScalarNode& node : expr.pool.nodes()) {
    auto argument = [&](int i) { return i < graph::arity(node.op) ? values[node.args[i]] : 0.0f; };
    if (node.op == ScalarOp::kConstant) values.push_back(static_cast<float>(node.value));
    else if (node.op == ScalarOp::kOperand)
      values.push_back(node.operand < operands.size() ? static_cast<float>(operands[node.operand]) : 0);
    else values.push_back(apply(node.op, argument(0), argument(1), argument(2)));
    if (values.size() == expr.root + 1) break;
  }
  return values[expr.root];
}

::testing::AssertionResult near_reference(double got, double reference) {
  const auto wanted = static_cast<double>(static_cast<float>(reference));
  const bool same = std::isnan(wanted)
                        ? std::isnan(got)
                        : got == wanted || std::abs(got - wanted) <= 1e-6 + 1e-5 * std::abs(wanted);
  if (same && (std::isfinite(wanted) == std::isfinite(got))) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << got << " instead of " << wanted;
}

struct Subject {
  std::string name;
  graph::ScalarFunction function;
  std::vector<double> others;  // learned parameters
};

class Registry : public ::testing::Test {
 protected:
  Registry() : prelude_(load_prelude(sources_)) {}

  BindContext context() { return {prelude_, none_, scope_, diagnostics_}; }

  std::vector<Subject> activations() {
    std::vector<Subject> subjects;
    for (const auto& [name, definition] : prelude_.activations) {
      std::optional<Activation> activation =
          bind_activation(*definition, name, definition->name.span, {}, context());
      EXPECT_TRUE(activation.has_value()) << name;
      if (!activation) continue;
      Subject subject{name, activation->function, {}};
      for (const LearnedParameter& learned : activation->learned) subject.others.push_back(learned.initial);
      subjects.push_back(std::move(subject));
    }
    return subjects;
  }

  std::vector<Subject> losses() {
    std::vector<Subject> subjects;
    for (const auto& [name, definition] : prelude_.losses) {
      std::optional<graph::ScalarFunction> function =
          bind_loss(*definition, definition->name.span, {}, context());
      EXPECT_TRUE(function.has_value()) << name;
      if (function) subjects.push_back({name, *function, {}});
    }
    return subjects;
  }

  Sources sources_;
  Definitions prelude_, none_;
  Scope scope_;
  Diagnostics diagnostics_;
};

std::vector<double> with_first(double x, const std::vector<double>& others) {
  std::vector<double> operands{x};
  operands.insert(operands.end(), others.begin(), others.end());
  return operands;
}

// Whether the slope of the function jumps near x: then a central difference says nothing.
bool has_kink(const Subject& subject, std::uint32_t operand, const std::vector<double>& at) {
  const ScalarExpr derivative = graph::differentiate(subject.function.expr, operand);
  std::vector<double> below = at, above = at;
  below[operand] -= 2e-4;
  above[operand] += 2e-4;
  return std::abs(graph::evaluate(derivative, below) - graph::evaluate(derivative, above)) >
         0.02 * (1 + std::abs(graph::evaluate(derivative, at)));
}

void expect_gradient(const Subject& subject, std::uint32_t operand, const std::vector<double>& at) {
  constexpr double kStep = 1e-5;
  std::vector<double> below = at, above = at;
  below[operand] -= kStep;
  above[operand] += kStep;
  const double slope =
      (graph::evaluate(subject.function.expr, above) - graph::evaluate(subject.function.expr, below)) /
      (2 * kStep);
  const double derived = graph::evaluate(graph::differentiate(subject.function.expr, operand), at);
  EXPECT_NEAR(derived, slope, 1e-6 * (1 + std::abs(slope)))
      << subject.name << " operand " << operand << " at " << fmt::format("{}", at[operand]);
}

TEST_F(Registry, DerivedGradientsOfActivationsAreTheirSlopes) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> points(-6, 6);
  for (const Subject& subject : activations()) {
    for (int i = 0; i < 200; ++i) {
      const std::vector<double> at = with_first(points(random), subject.others);
      for (std::uint32_t operand = 0; operand < at.size(); ++operand) {
        if (!has_kink(subject, operand, at)) expect_gradient(subject, operand, at);
      }
    }
  }
}

TEST_F(Registry, DerivedGradientsOfLossesAreTheirSlopes) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> points(0.02, 0.98);
  for (const Subject& subject : losses()) {
    for (int i = 0; i < 200; ++i) {
      const double target = i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : points(random);
      const std::vector<double> at{points(random), target};
      if (!has_kink(subject, 0, at)) expect_gradient(subject, 0, at);
    }
  }
}

// torch 2's gradients where the slope jumps.
const std::map<std::string, std::vector<std::pair<double, double>>> kKinks{
    {"relu", {{0, 0}}},
    {"relu6", {{0, 0}, {6, 0}}},
    {"hard_tanh", {{-1, 0}, {1, 0}}},
    {"hard_sigmoid", {{-3, 0}, {3, 0}}},
    {"hard_swish", {{-3, -0.5}, {3, 1.5}}},
    {"leaky_relu", {{0, 0.01}}},
    {"prelu", {{0, 0.25}}},
    {"elu", {{0, 1}}},
    {"celu", {{0, 1}}},
    {"selu", {{0, 1.7580993408473766}}},
    {"soft_shrink", {{-0.5, 0}, {0.5, 0}, {0, 0}}},
    {"hard_shrink", {{-0.5, 0}, {0.5, 0}, {0, 0}}},
    {"threshold", {{1, 0}}},
    {"softsign", {{0, 1}}},
    {"tanh_shrink", {{0, 0}}},
};

TEST_F(Registry, GradientsAtKinksArePyTorchs) {
  const std::vector<Subject> subjects = activations();
  for (const auto& [name, places] : kKinks) {
    auto subject = std::ranges::find(subjects, name, &Subject::name);
    ASSERT_NE(subject, subjects.end()) << name;
    const ScalarExpr derivative = graph::differentiate(subject->function.expr, 0);
    for (const auto& [x, wanted] : places) {
      EXPECT_NEAR(graph::evaluate(derivative, with_first(x, subject->others)), wanted, 1e-12)
          << name << " at " << x;
      EXPECT_TRUE(near_reference(evaluate_float(derivative, with_first(x, subject->others)), wanted))
          << name << " at " << x;
    }
  }
}

std::vector<double> test_points() {
  std::vector<double> points{0, 1e-3, -1e-3, 100, -100, 1e4, -1e4, kInf, -kInf, kNaN};
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 4);
  // Floats, so that both evaluations see one number.
  for (int i = 0; i < 300; ++i) points.push_back(static_cast<float>(normal(random)));
  for (int i = -40; i <= 40; ++i) points.push_back(i * 0.5);
  return points;
}

TEST_F(Registry, ActivationsInFloatsAreTheReferenceRounded) {
  for (const Subject& subject : activations()) {
    const ScalarExpr derivative = graph::differentiate(subject.function.expr, 0);
    for (double x : test_points()) {
      const std::vector<double> at = with_first(x, subject.others);
      EXPECT_TRUE(near_reference(evaluate_float(subject.function.expr, at),
                                 graph::evaluate(subject.function.expr, at)))
          << subject.name << " of " << x;
      EXPECT_TRUE(near_reference(evaluate_float(derivative, at), graph::evaluate(derivative, at)))
          << "gradient of " << subject.name << " at " << x << ": " << graph::print(derivative);
    }
  }
}

TEST_F(Registry, LossesInFloatsAreTheReferenceRounded) {
  for (const Subject& subject : losses()) {
    const ScalarExpr derivative = graph::differentiate(subject.function.expr, 0);
    for (double y : test_points()) {
      for (double t : {0.0, 1.0, 0.25, -2.0}) {
        const std::vector<double> at{y, t};
        EXPECT_TRUE(near_reference(evaluate_float(subject.function.expr, at),
                                   graph::evaluate(subject.function.expr, at)))
            << subject.name << " of " << y << ", " << t;
        EXPECT_TRUE(near_reference(evaluate_float(derivative, at), graph::evaluate(derivative, at)))
            << "gradient of " << subject.name << " at " << y << ", " << t << ": " << graph::print(derivative);
      }
    }
  }
}

TEST_F(Registry, NaNGoesThroughEveryActivation) {
  for (const Subject& subject : activations()) {
    EXPECT_TRUE(std::isnan(graph::evaluate(subject.function.expr, with_first(kNaN, subject.others))))
        << subject.name;
  }
}

TEST_F(Registry, EveryActivationOfTheLanguageIsThere) {
  for (const char* name :
       {"linear",      "sigmoid",    "hard_sigmoid", "tanh",       "hard_tanh",   "relu",
        "relu6",       "leaky_relu", "prelu",        "elu",        "selu",        "celu",
        "gelu",        "gelu_tanh",  "mish",         "swish",      "silu",        "hard_swish",
        "softplus",    "softsign",   "exponential",  "squareplus", "tanh_shrink", "soft_shrink",
        "hard_shrink", "threshold",  "logsigmoid",   "gaussian",   "sine",        "snake"}) {
    EXPECT_TRUE(prelude_.activations.contains(name)) << name;
  }
}

// From the formulas of PyTorch's documentation, in Python's doubles.
TEST_F(Registry, ValuesArePyTorchs) {
  const std::map<std::string, std::pair<double, double>> values{
      // at -1.5 and at 0.7
      {"gelu", {-0.10021080190328713, 0.5306254434438489}},
      {"mish", {-0.29809974216680674, 0.5611483776438518}},
      {"swish", {-0.2736382857095345, 0.46773144051771626}},
      {"selu", {-1.3658143533672527, 0.7354906911488363}},
      {"softplus", {0.2014132779827524, 1.103186048885458}},
      {"hard_swish", {-0.375, 0.43166666666666664}},
      {"tanh_shrink", {-0.5948517463551336, 0.09563222288283635}},
      {"logsigmoid", {-1.7014132779827524, -0.4031860488854579}},
  };
  for (const Subject& subject : activations()) {
    auto wanted = values.find(subject.name);
    if (wanted == values.end()) continue;
    EXPECT_NEAR(graph::evaluate(subject.function.expr, with_first(-1.5, subject.others)),
                wanted->second.first, 1e-12)
        << subject.name;
    EXPECT_NEAR(graph::evaluate(subject.function.expr, with_first(0.7, subject.others)),
                wanted->second.second, 1e-12)
        << subject.name;
  }
}

}  // namespace
}  // namespace netc

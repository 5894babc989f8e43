// Every activation and element-wise loss of the prelude as compiled code: its value and its gradient, derived
// and as a map's backward pass has it, equal the double reference rounded to float.

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "compiler/graph/build.h"
#include "tests/plan_runner.h"
#include "tests/registry_subjects.h"

namespace netc::testing {
namespace {

using graph::Builder;
using graph::Extents;
using graph::Graph;
using graph::IndexMap;
using graph::ScalarExpr;
using graph::ValueId;
using training::ReferenceLeaves;
using training::ReferenceTensor;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Odd extents, more than two vectors wide.
const Extents kExtents{9, 39};

// Special places first, then numbers of every usual size; all are floats, so that both sides see one number.
ReferenceTensor test_points(unsigned seed) {
  std::vector<double> points{0, 1e-3, -1e-3, 100, -100, 1e4, -1e4, kInf, -kInf, kNaN};
  for (int i = -24; i <= 24; ++i) points.push_back(i * 0.25);
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, 4);
  std::uniform_real_distribution<double> exponent(-4, 4);
  auto draw = [&] {
    const double sign = random() % 2 ? 1 : -1;
    return random() % 2 ? normal(random) : sign * std::pow(10, exponent(random));
  };
  std::size_t next = 0;
  return make_tensor(kExtents, [&] {
    return static_cast<double>(static_cast<float>(next < points.size() ? points[next++] : draw()));
  });
}

::testing::AssertionResult near_reference(float got, double reference) {
  const auto wanted = static_cast<float>(reference);
  const bool near = std::isfinite(wanted) && std::abs(static_cast<double>(got) - wanted) <=
                                                 1e-5 * std::abs(static_cast<double>(wanted)) + 1e-6;
  if (near || got == wanted || (std::isnan(got) && std::isnan(wanted))) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << got << " instead of " << wanted;
}

// A graph of many maps of the same leaves, each an output.
class Maps {
 public:
  ValueId matrix(const std::string& name, ReferenceTensor values, bool state = false) {
    leaves_[name] = std::move(values);
    return state ? builder_.state(name, kExtents, 0) : builder_.parameter(name, kExtents, {});
  }
  ValueId vector(const std::string& name, double value) {
    leaves_[name] = make_tensor({kExtents[1]}, [&] { return value; });
    return builder_.parameter(name, {kExtents[1]}, {});
  }
  ValueId add(const std::string& name, const ScalarExpr& expr, const std::vector<ValueId>& operands) {
    std::vector<IndexMap> maps;
    for (ValueId operand : operands) {
      const bool whole = builder_.type(operand).extents.size() == 2;
      maps.push_back(whole ? graph::identity_map(2) : graph::axes_map(std::array{1u}));
    }
    const ValueId value = builder_.map(expr, kExtents, operands, maps);
    graph_.outputs.push_back({name, value});
    return value;
  }
  // Every output against the reference, `at` says where.
  void check(const std::function<std::string(std::size_t)>& at, const RunSetting& setting = {}) {
    const auto reference = training::run_reference(graph_, leaves_);
    const RunResult run = run_compiled(graph_, leaves_, setting);
    for (const graph::Output& output : graph_.outputs) {
      const std::vector<float>& got = run.outputs.at(output.name);
      const std::vector<double>& wanted = reference.outputs.at(output.name).values;
      ASSERT_EQ(got.size(), wanted.size());
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_TRUE(near_reference(got[i], wanted[i])) << output.name << at(i);
    }
  }
  const ReferenceTensor& leaf(const std::string& name) const { return leaves_.at(name); }

 private:
  Graph graph_;
  Builder builder_{graph_};
  ReferenceLeaves leaves_;
};

void check_activations(const std::vector<Subject>& subjects, bool state, const std::string& cpu) {
  Maps maps;
  const ValueId x = maps.matrix("x", test_points(1), state);
  for (const Subject& subject : subjects) {
    std::vector<ValueId> operands{x};
    for (double other : subject.others)
      operands.push_back(maps.vector(subject.name + std::to_string(operands.size()), other));
    maps.add(subject.name, subject.expr, operands);
    for (std::uint32_t i = 0; i < operands.size(); ++i)
      maps.add("derivative " + std::to_string(i) + " of " + subject.name,
               graph::differentiate(subject.expr, i), operands);
  }
  maps.check([&](std::size_t i) { return " at " + std::to_string(maps.leaf("x").values[i]); }, {1, cpu, 0});
}

TEST(JitRegistry, ActivationsAndDerivativesAreTheReferenceRounded) {
  check_activations(RegistryCalls().activations(), false, "");
}

TEST(JitRegistry, ActivationsAndDerivativesAreTheReferenceRoundedOnAvx2) {
  if (!codegen::runs_here(*codegen::find_target("x86-64-v3"))) GTEST_SKIP() << "no AVX2 here";
  check_activations(RegistryCalls().activations(), true, "x86-64-v3");
}

// As autodiff writes it: from the adjoint and, where that says enough, from the value that was computed.
TEST(JitRegistry, BackwardPassesOfActivationsAreTheReferenceRounded) {
  Maps maps;
  const ValueId x = maps.matrix("x", test_points(2));
  std::mt19937 random(3);
  std::uniform_real_distribution<float> sizes(-2, 2);
  const ValueId adjoint = maps.matrix("adjoint", make_tensor(kExtents, [&] { return sizes(random); }), true);
  for (const Subject& subject : RegistryCalls().activations()) {
    std::vector<ValueId> operands{x};
    for (double other : subject.others)
      operands.push_back(maps.vector(subject.name + std::to_string(operands.size()), other));
    const auto count = static_cast<std::uint32_t>(operands.size());
    const ValueId value = maps.add(subject.name, subject.expr, operands);
    operands.push_back(adjoint);
    operands.push_back(value);
    for (std::uint32_t i = 0; i < count; ++i)
      maps.add("backward " + std::to_string(i) + " of " + subject.name,
               graph::pull_back(subject.expr, i, count, count + 1), operands);
  }
  maps.check([&](std::size_t i) { return " at " + std::to_string(maps.leaf("x").values[i]); });
}

TEST(JitRegistry, LossesAndDerivativesAreTheReferenceRounded) {
  for (double target : {0.0, 1.0, 0.25, -2.0}) {
    Maps maps;
    const ValueId y = maps.matrix("y", test_points(5));
    const ValueId t = maps.matrix("t", make_tensor(kExtents, [&] { return target; }), true);
    for (const Subject& subject : RegistryCalls().losses()) {
      maps.add(subject.name, subject.expr, {y, t});
      maps.add("derivative of " + subject.name, graph::differentiate(subject.expr, 0), {y, t});
    }
    maps.check([&](std::size_t i) {
      return " at " + std::to_string(maps.leaf("y").values[i]) + ", " + std::to_string(target);
    });
  }
}

}  // namespace
}  // namespace netc::testing

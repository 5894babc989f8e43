#include "compiler/layers/activation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace netc {
namespace {

constexpr std::array kAxisActivations{AxisActivation{"softmax", ActivationKind::kSoftmax},
                                      AxisActivation{"log_softmax", ActivationKind::kLogSoftmax},
                                      AxisActivation{"glu", ActivationKind::kGated, "sigmoid"},
                                      AxisActivation{"reglu", ActivationKind::kGated, "relu"},
                                      AxisActivation{"geglu", ActivationKind::kGated, "gelu"},
                                      AxisActivation{"swiglu", ActivationKind::kGated, "swish"},
                                      AxisActivation{"maxout", ActivationKind::kMaxout}};
constexpr std::array<std::string_view, kAxisActivations.size()> kAxisNames = [] {
  std::array<std::string_view, kAxisActivations.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kAxisActivations[i].name;
  return names;
}();

// E[f(z)^2] for z ~ N(0, 1), by the midpoint rule: no point falls on a kink at a round number.
double mean_square(const Activation& activation) {
  constexpr double kReach = 10;
  constexpr int kPoints = 4000;
  constexpr double kWidth = 2 * kReach / kPoints;
  std::vector<double> operands{0};
  for (const LearnedParameter& parameter : activation.learned) operands.push_back(parameter.initial);
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    double z = -kReach + (i + 0.5) * kWidth;
    operands[0] = z;
    double y = graph::evaluate(activation.function.expr, operands);
    sum += y * y * std::exp(-z * z / 2);
  }
  return sum * kWidth / std::sqrt(2 * std::numbers::pi);
}

double round_to_digits(double x, int digits) {
  double scale = std::pow(10, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(x)))));
  return std::round(x * scale) / scale;
}

}  // namespace

const AxisActivation* find_axis_activation(std::string_view name) {
  auto found = std::ranges::find(kAxisActivations, name, &AxisActivation::name);
  return found == kAxisActivations.end() ? nullptr : &*found;
}

std::span<const std::string_view> axis_activations() { return kAxisNames; }

double gain(const Activation& activation) {
  if (activation.kind != ActivationKind::kElementwise) return 1;
  double square = mean_square(activation);
  if (!std::isfinite(square)) return 1;
  constexpr double kLeast = 0.5, kMost = 2;
  if (square <= 1 / (kMost * kMost)) return kMost;
  return std::max(kLeast, round_to_digits(1 / std::sqrt(square), 4));
}

}  // namespace netc

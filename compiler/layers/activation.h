#pragma once
// An activation with its arguments bound: what `relu` or `leaky_relu(0.1)` in a program means.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph/scalar.h"

namespace netc {

enum class ActivationKind {
  kElementwise,  // `function`: operand 0 is x, operand i the i-th learned parameter
  kSoftmax,      // over the last axis
  kLogSoftmax,
  kGated,   // of pairs of halves of the last axis: the first times `function` of the second
  kMaxout,  // the greatest of each `pieces` neighbours along the last axis
};

// A trained parameter of an activation, one a channel.
struct LearnedParameter {
  std::string name;
  double initial = 0;
};

struct Activation {
  std::string name;  // as written, for people: `relu`, `leaky_relu(0.1)`
  ActivationKind kind = ActivationKind::kElementwise;
  graph::ScalarFunction function;
  std::vector<LearnedParameter> learned;
  std::int64_t pieces = 1;  // how many channels become one
};

// An activation that is no function of one element, and so no line of the prelude.
struct AxisActivation {
  std::string_view name;
  ActivationKind kind;
  std::string_view gate = {};  // kGated: the activation of the second half
};
const AxisActivation* find_axis_activation(std::string_view name);
std::span<const std::string_view> axis_activations();

// What weights before this activation are scaled by, so that its output keeps the size of its input: 1 /
// sqrt(E[f(z)^2]) for z ~ N(0, 1), by quadrature, rounded to 4 digits and kept in [0.5, 2]. It depends on the
// function alone, so a person's own activation starts as a built-in one. relu: 1.414 (He et al. 2015, eq.
// 10). 1 for softmax and for functions whose mean square is not finite.
double gain(const Activation& activation);

}  // namespace netc

#pragma once
// For tests: derived gradients against finite differences of the reference.

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "compiler/training/autodiff.h"
#include "compiler/training/reference.h"

namespace netc::training {

inline ReferenceTensor random_tensor(const graph::Extents& extents, std::mt19937& random, double low = -1,
                                     double high = 1) {
  std::uniform_real_distribution<double> number(low, high);
  ReferenceTensor tensor{extents,
                         std::vector<double>(static_cast<std::size_t>(graph::element_count(extents)))};
  for (double& value : tensor.values) value = number(random);
  return tensor;
}

// Random values for the f32 leaves that have none yet.
inline void fill_leaves(const graph::Graph& graph, ReferenceLeaves& leaves, std::mt19937& random) {
  for (const graph::Node& node : graph.nodes) {
    bool is_leaf = std::holds_alternative<graph::Input>(node.op) ||
                   std::holds_alternative<graph::Parameter>(node.op) ||
                   std::holds_alternative<graph::State>(node.op);
    if (is_leaf && node.type.dtype == graph::DType::kF32 && !leaves.contains(node.name)) {
      leaves[node.name] = random_tensor(node.type.extents, random);
    }
  }
}

// The gradient of `scalar` by each of `wanted`, which are leaves, is that of finite differences at every
// element. The values of `leaves` stand off the kinks by more than `step`.
inline void expect_gradients(graph::Graph graph, graph::ValueId scalar,
                             const std::vector<graph::ValueId>& wanted, ReferenceLeaves leaves,
                             double tolerance = 1e-6, double step = 1e-5) {
  ASSERT_EQ(graph::verify(graph), "");
  graph::Graph forward = graph;
  std::vector<graph::ValueId> gradients = add_gradients(graph, scalar, wanted);
  ASSERT_EQ(graph::verify(graph), "") << graph::print(graph);
  ReferenceRun run = run_reference(graph, leaves);
  auto at = [&] { return run_reference(forward, leaves).values[graph::index(scalar)].values[0]; };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const ReferenceTensor& gradient = run.values[graph::index(gradients[i])];
    ReferenceTensor& leaf = leaves.at(graph[wanted[i]].name);
    ASSERT_EQ(gradient.extents, leaf.extents);
    for (std::size_t element = 0; element < leaf.values.size(); ++element) {
      double middle = leaf.values[element];
      leaf.values[element] = middle + step;
      double above = at();
      leaf.values[element] = middle - step;
      double below = at();
      leaf.values[element] = middle;
      double expected = (above - below) / (2 * step);
      ASSERT_NEAR(gradient.values[element], expected, tolerance * std::max(1.0, std::abs(expected)))
          << graph[wanted[i]].name << "[" << element << "] in\n"
          << graph::print(graph);
    }
  }
}

}  // namespace netc::training

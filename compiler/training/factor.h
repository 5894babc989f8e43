#pragma once
// Factors of the terms of a sum.

#include <optional>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::training {

// The sum of `expr` over the points of a domain that `place` takes to one element is `outer` * the sum of
// `inner`. `outer` is of the element: its operands are those of `expr`, read at `outer_maps`, and behind them
// the sum.
struct FactoredSum {
  graph::ScalarExpr inner, outer;
  std::vector<graph::IndexMap> outer_maps;
};

// Takes the operands of a product that vary along no other axes than those of `place` out of the sum; also
// where the product stands in an `if` that is 0 otherwise. `maps` says where the operands are read, `extents`
// what `place` points into. Empty where there is no such operand, and for sums along rows, which are made
// where their terms are, so that nothing would be won.
std::optional<FactoredSum> factor_sum(const graph::ScalarExpr& expr, const std::vector<graph::IndexMap>& maps,
                                      const graph::IndexMap& place, const graph::Extents& domain,
                                      const graph::Extents& extents);

}  // namespace netc::training

#pragma once
// Short ways to add common nodes. Types are worked out here, so callers say only what they mean.

#include "compiler/graph/graph.h"

namespace netc::graph {

class Builder {
 public:
  explicit Builder(Graph& graph) : graph_(graph) {}

  // Where the nodes added from here on come from.
  void set_span(Span span) { span_ = span; }
  // Whether the parameters added from here on are trained.
  void set_trained(bool trained) { trained_ = trained; }
  Graph& graph() { return graph_; }
  const TensorType& type(ValueId id) const { return graph_.type(id); }

  ValueId input(std::string name, TensorType type);
  ValueId parameter(std::string name, Extents extents, Initializer initializer);
  ValueId state(std::string name, Extents extents, double initial);
  ValueId constant(double value);  // rank 0
  ValueId iota(Extents extents, std::uint32_t axis);
  // The result has `extents`; operand i is read at maps[i]. The node is tidy (see below).
  ValueId map(ScalarExpr expr, Extents extents, std::vector<ValueId> operands, std::vector<IndexMap> maps);
  // All operands have the result's extents, or rank 0.
  ValueId map(ScalarExpr expr, std::vector<ValueId> operands);
  ValueId binary(ScalarOp op, ValueId a, ValueId b);  // equal extents, or one of rank 0
  ValueId contract(ValueId a, ValueId b, Contract contract, Extents result);
  // [m, k] x [k, n] -> [m, n]
  ValueId matmul(ValueId a, ValueId b);
  ValueId reduce(ReduceKind kind, ValueId operand, Extents domain, IndexMap operand_map, IndexMap result_map,
                 Extents result);
  // Over some axes, which vanish.
  ValueId reduce_axes(ReduceKind kind, ValueId operand, std::span<const std::uint32_t> axes);
  ValueId reshape(ValueId operand, Extents extents);
  ValueId remap(ValueId operand, IndexMap map, Extents result);
  ValueId concat(std::vector<ValueId> operands, std::uint32_t axis);
  ValueId gather(ValueId table, ValueId indices);
  ValueId scatter_add(ValueId indices, ValueId updates, std::int64_t rows);
  ValueId random(std::uint64_t stream, Extents extents, ValueId step);
  // The results, one value each.
  std::vector<ValueId> scan(Scan scan, std::vector<ValueId> operands);

 private:
  ValueId add(Op op, std::vector<ValueId> operands, TensorType type, std::string name = {});
  Graph& graph_;
  Span span_;
  bool trained_ = true;
};

// Drops the operands that the expression does not use, and its dead nodes; operands that are one value read
// at one place become one.
void tidy(Map& map, std::vector<ValueId>& operands);

}  // namespace netc::graph

#include "compiler/training/optimizer.h"

#include <array>

#include "compiler/graph/build.h"
#include "compiler/support/check.h"

namespace netc::training {

namespace {

using graph::Builder;
using graph::Graph;
using graph::IndexMap;
using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

ValueId find_input(const Graph& graph, std::string_view name) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].name == name && std::holds_alternative<graph::Input>(graph.nodes[i].op))
      return static_cast<ValueId>(i);
  }
  NETC_CHECK(false, "a training graph has the numbers of the step as inputs");
  return {};
}

// The rule's expression with its operands w, g, states..., step, epoch, progress bound: operand i of the
// result is operand i of the map whose operands are w, g, states..., step, epoch, total_steps (integers, so
// converted here).
ScalarExpr bind_numbers(const ScalarExpr& expr, const OptimizerRule& rule) {
  ScalarExpr bound;
  ScalarPool& pool = bound.pool;
  std::vector<ScalarId> operands;
  for (std::uint32_t i = 0; i < rule.operand_step(); ++i) operands.push_back(pool.operand(i));
  auto number = [&](std::uint32_t i) { return pool.unary(ScalarOp::kConvert, pool.operand(i)); };
  ScalarId step = number(rule.operand_step());
  operands.push_back(step);
  operands.push_back(number(rule.operand_epoch()));
  ScalarId before = pool.binary(ScalarOp::kSubtract, step, pool.constant(1));
  operands.push_back(pool.binary(ScalarOp::kDivide, before, number(rule.operand_progress())));
  bound.root = graph::inline_into(pool, expr, operands);
  return graph::simplify(bound);
}

void add_update(Builder& builder, const OptimizerRule& rule, ValueId parameter, ValueId gradient) {
  Graph& graph = builder.graph();
  const graph::Extents extents = builder.type(parameter).extents;
  std::vector<ValueId> operands{parameter, gradient};
  const std::string name = graph[parameter].name;
  for (const OptimizerRule::State& state : rule.states) {
    operands.push_back(builder.state(name + "." + state.name, extents, state.initial));
  }
  for (const char* number : {"step", "epoch", "total_steps"}) operands.push_back(find_input(graph, number));
  auto next = [&](const ScalarExpr& expr) { return builder.map(bind_numbers(expr, rule), operands); };
  graph.updates.push_back({parameter, next(rule.next_w)});
  for (std::size_t i = 0; i < rule.states.size(); ++i) {
    graph.updates.push_back({operands[2 + i], next(rule.next_states[i])});
  }
}

// The sum of squares of all elements, axis after axis.
ValueId add_squares(Builder& builder, ValueId value) {
  ValueId sum = builder.binary(ScalarOp::kMultiply, value, value);
  while (!builder.type(sum).extents.empty()) {
    auto last = static_cast<std::uint32_t>(builder.type(sum).extents.size() - 1);
    sum = builder.reduce_axes(graph::ReduceKind::kSum, sum, std::array{last});
  }
  return sum;
}

void clip_by_norm(Builder& builder, double limit, std::vector<ValueId>& gradients) {
  ValueId squares = add_squares(builder, gradients.front());
  for (std::size_t i = 1; i < gradients.size(); ++i) {
    squares = builder.binary(ScalarOp::kAdd, squares, add_squares(builder, gradients[i]));
  }
  ScalarExpr scale;
  ScalarPool& pool = scale.pool;
  ScalarId norm =
      pool.binary(ScalarOp::kAdd, pool.unary(ScalarOp::kSqrt, pool.operand(0)), pool.constant(1e-6));
  scale.root = pool.binary(ScalarOp::kMin, pool.constant(1),
                           pool.binary(ScalarOp::kDivide, pool.constant(limit), norm));
  ValueId factor = builder.map(std::move(scale), {squares});
  for (ValueId& gradient : gradients) gradient = builder.binary(ScalarOp::kMultiply, gradient, factor);
}

}  // namespace

void add_updates(Graph& graph, const TrainSettings& settings, const std::vector<ValueId>& parameters,
                 std::vector<ValueId> gradients) {
  Builder builder(graph);
  if (settings.clip_norm && !gradients.empty()) clip_by_norm(builder, *settings.clip_norm, gradients);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    bool weight = builder.type(parameters[i]).extents.size() > 1;
    builder.set_span(graph[parameters[i]].span);
    add_update(builder, weight ? settings.optimizer : settings.optimizer_no_decay, parameters[i],
               gradients[i]);
  }
}

}  // namespace netc::training

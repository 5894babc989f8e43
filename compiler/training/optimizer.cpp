#include "compiler/training/optimizer.h"

#include <array>

#include "compiler/graph/build.h"
#include "compiler/support/check.h"

namespace netc::training {

namespace {

using graph::Builder;
using graph::Graph;
using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

std::optional<ValueId> find_input(const Graph& graph, std::string_view name) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].name == name && std::holds_alternative<graph::Input>(graph.nodes[i].op))
      return static_cast<ValueId>(i);
  }
  return std::nullopt;
}

// The rule's expression with its numbers bound: operand i of the result is operand i of the map whose
// operands are w, g, states..., step, epoch, total_steps (integers, so converted here), and the rest.
ScalarExpr bind_numbers(const ScalarExpr& expr, const OptimizerRule& rule) {
  ScalarExpr bound;
  ScalarPool& pool = bound.pool;
  std::vector<ScalarId> operands;
  for (std::uint32_t i = 0; i < rule.operand_norm(rule.norms.size()); ++i)
    operands.push_back(pool.operand(i));
  for (std::uint32_t i = rule.operand_step(); i <= rule.operand_progress(); ++i)
    operands[i] = pool.unary(ScalarOp::kConvert, operands[i]);
  ScalarId before = pool.binary(ScalarOp::kSubtract, operands[rule.operand_step()], pool.constant(1));
  ScalarId& progress = operands[rule.operand_progress()];
  progress = pool.binary(ScalarOp::kDivide, before, progress);
  bound.root = graph::inline_into(pool, expr, operands);
  return graph::simplify(bound);
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

class Updates {
 public:
  Updates(Graph& graph, const TrainSettings& settings, std::vector<TrainedParameter> parameters)
      : graph_(graph), builder_(graph), settings_(settings), parameters_(std::move(parameters)) {
    first_shard_ = find_input(graph, "first_shard");
    last_shard_ = find_input(graph, "last_shard");
  }

  void add() {
    for (TrainedParameter& trained : parameters_) {
      builder_.set_span(graph_[trained.parameter].span);
      if (first_shard_) add_shards(trained);
      add_penalty(trained);
    }
    builder_.set_span({});
    if (settings_.clip_value) clip_by_value(*settings_.clip_value);
    if (settings_.clip_norm && !parameters_.empty()) clip_by_norm(*settings_.clip_norm);
    for (const TrainedParameter& trained : parameters_) {
      const bool weight = builder_.type(trained.parameter).extents.size() > 1;
      builder_.set_span(graph_[trained.parameter].span);
      add_update(trained, weight ? settings_.optimizer : settings_.optimizer_no_decay);
    }
  }

 private:
  ValueId input(std::string_view name) const {
    std::optional<ValueId> found = find_input(graph_, name);
    NETC_CHECK(found.has_value(), "a training graph has the numbers of the step as inputs");
    return *found;
  }

  ValueId add_state(ValueId parameter, const std::string& name, double initial) {
    const graph::Extents extents = builder_.type(parameter).extents;
    return builder_.state(graph_[parameter].name + "." + name, extents, initial);
  }

  // `number` is 0 or 1.
  ValueId choose(ValueId number, ValueId if_one, ValueId otherwise) {
    ScalarExpr expr;
    ScalarPool& pool = expr.pool;
    expr.root =
        pool.select(pool.unary(ScalarOp::kConvert, pool.operand(0)), pool.operand(1), pool.operand(2));
    return builder_.map(std::move(expr), {number, if_one, otherwise});
  }

  // The batch's gradient so far.
  void add_shards(TrainedParameter& trained) {
    ValueId sum = add_state(trained.parameter, "gradient-sum", 0);
    ValueId before = choose(*first_shard_, builder_.constant(0), sum);
    trained.gradient = builder_.binary(ScalarOp::kAdd, before, trained.gradient);
    graph_.updates.push_back({sum, trained.gradient});
  }

  void add_penalty(TrainedParameter& trained) {
    const Penalty& penalty = trained.penalty;
    if (penalty.l1 == 0 && penalty.l2 == 0) return;
    ScalarExpr expr;
    ScalarPool& pool = expr.pool;
    expr.root = pool.operand(0);
    auto add = [&](double factor, ScalarId value) {
      if (factor == 0) return;
      ScalarId term = pool.binary(ScalarOp::kMultiply, pool.constant(factor), value);
      expr.root = pool.binary(ScalarOp::kAdd, expr.root, term);
    };
    add(2 * penalty.l2, pool.operand(1));
    add(penalty.l1, pool.unary(ScalarOp::kSign, pool.operand(1)));
    trained.gradient = builder_.map(std::move(expr), {trained.gradient, trained.parameter});
  }

  // As torch.nn.utils.clip_grad_value_ does.
  void clip_by_value(double limit) {
    for (TrainedParameter& trained : parameters_) {
      ScalarExpr expr;
      ScalarPool& pool = expr.pool;
      ScalarId low = pool.binary(ScalarOp::kMax, pool.operand(0), pool.constant(-limit));
      expr.root = pool.binary(ScalarOp::kMin, low, pool.constant(limit));
      trained.gradient = builder_.map(std::move(expr), {trained.gradient});
    }
  }

  // All gradients together, as torch.nn.utils.clip_grad_norm_ does: by min(1, limit / (norm + 1e-6)).
  void clip_by_norm(double limit) {
    ValueId squares = add_squares(builder_, parameters_.front().gradient);
    for (std::size_t i = 1; i < parameters_.size(); ++i)
      squares = builder_.binary(ScalarOp::kAdd, squares, add_squares(builder_, parameters_[i].gradient));
    ScalarExpr scale;
    ScalarPool& pool = scale.pool;
    ScalarId norm =
        pool.binary(ScalarOp::kAdd, pool.unary(ScalarOp::kSqrt, pool.operand(0)), pool.constant(1e-6));
    scale.root = pool.binary(ScalarOp::kMin, pool.constant(1),
                             pool.binary(ScalarOp::kDivide, pool.constant(limit), norm));
    ValueId factor = builder_.map(std::move(scale), {squares});
    for (TrainedParameter& trained : parameters_)
      trained.gradient = builder_.binary(ScalarOp::kMultiply, trained.gradient, factor);
  }

  // The operands of the rule's expressions, as bind_numbers wants them.
  std::vector<ValueId> rule_operands(const TrainedParameter& trained, const OptimizerRule& rule) {
    std::vector<ValueId> operands{trained.parameter, trained.gradient};
    for (const OptimizerRule::State& state : rule.states)
      operands.push_back(add_state(trained.parameter, state.name, state.initial));
    const ValueId step = input(last_shard_ ? "update" : "step");
    operands.insert(operands.end(), {step, input("epoch"), input("total_steps")});
    // Without reduce_lr nothing reads the factor.
    operands.push_back(find_input(graph_, "rate_factor").value_or(step));
    for (const ScalarExpr& norm : rule.norms) {
      ValueId squares = add_squares(builder_, builder_.map(bind_numbers(norm, rule), operands));
      ScalarExpr root;
      root.root = root.pool.unary(ScalarOp::kSqrt, root.pool.operand(0));
      operands.push_back(builder_.map(std::move(root), {squares}));
    }
    return operands;
  }

  void add_update(const TrainedParameter& trained, const OptimizerRule& rule) {
    const std::vector<ValueId> operands = rule_operands(trained, rule);
    auto next = [&](const ScalarExpr& expr) { return builder_.map(bind_numbers(expr, rule), operands); };
    const ValueId parameter = next(rule.next_w);
    update(trained.parameter, parameter);
    for (std::size_t i = 0; i < rule.states.size(); ++i) update(operands[2 + i], next(rule.next_states[i]));
    if (settings_.average) add_average(trained.parameter, parameter);
  }

  // With shards, only the last one of a batch updates.
  void update(ValueId leaf, ValueId next) {
    graph_.updates.push_back({leaf, last_shard_ ? choose(*last_shard_, next, leaf) : next});
  }

  // As torch.optim.swa_utils.AveragedModel: it starts with what the first step makes.
  void add_average(ValueId parameter, ValueId next) {
    ValueId average = add_state(parameter, kAverageState, 0);
    ScalarExpr expr;
    ScalarPool& pool = expr.pool;
    ScalarId first =
        pool.binary(ScalarOp::kEqual, pool.unary(ScalarOp::kConvert, pool.operand(0)), pool.constant(1));
    ScalarId old = pool.binary(ScalarOp::kMultiply, pool.constant(*settings_.average), pool.operand(1));
    ScalarId add = pool.binary(ScalarOp::kMultiply, pool.constant(1 - *settings_.average), pool.operand(2));
    expr.root = pool.select(first, pool.operand(2), pool.binary(ScalarOp::kAdd, old, add));
    const ValueId step = input(last_shard_ ? "update" : "step");
    update(average, builder_.map(std::move(expr), {step, average, next}));
  }

  Graph& graph_;
  Builder builder_;
  const TrainSettings& settings_;
  std::vector<TrainedParameter> parameters_;
  std::optional<ValueId> first_shard_, last_shard_;
};

}  // namespace

void add_updates(Graph& graph, const TrainSettings& settings, std::vector<TrainedParameter> parameters) {
  Updates(graph, settings, std::move(parameters)).add();
}

}  // namespace netc::training

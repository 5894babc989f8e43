#include "compiler/training/step.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "compiler/graph/build.h"
#include "compiler/training/autodiff.h"
#include "compiler/training/optimizer.h"
#include "compiler/training/rewrite.h"
#include "runtime/normalize.h"

namespace netc::training {

namespace {

using graph::Builder;
using graph::DType;
using graph::Extents;
using graph::Graph;
using graph::IndexMap;
using graph::ReduceKind;
using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;
using graph::ValueId;

IndexMap axis(std::uint32_t number) { return graph::axes_map(std::array{number}); }

// The inputs that every graph has.
struct Inputs {
  ValueId samples{}, labels{}, step{}, epoch{}, total_steps{}, count{};
  // What the mean of the loss is over: samples of the step, or of the whole batch where that is in shards.
  ValueId mean_over{};
};

graph::TensorType labels_type(const DataDescription& data, std::int64_t batch) {
  if (data.classes > 0) return {DType::kI32, {batch}};
  return {DType::kF32, data.targets == 1 ? Extents{batch} : Extents{batch, data.targets}};
}

Inputs add_inputs(Builder& builder, const Network& network, std::int64_t batch, bool training) {
  Extents extents{batch};
  extents.insert(extents.end(), network.input.extents.begin(), network.input.extents.end());
  auto number = [&](const char* name) { return builder.input(name, {DType::kI32, {}}); };
  Inputs inputs;
  const DataDescription& data = network.description;
  inputs.samples = builder.input(graph::kSamples, {data.bytes ? DType::kU8 : DType::kF32, extents});
  inputs.labels = builder.input(graph::kLabels, labels_type(data, batch));
  inputs.step = number("step");
  inputs.epoch = number("epoch");
  inputs.total_steps = number("total_steps");
  inputs.count = inputs.mean_over = number("count");
  if (training && network.train.reduce_rate) builder.input("rate_factor", {DType::kF32, {}});
  if (training && network.train.shards > 1) {
    inputs.mean_over = number("batch_count");
    for (const char* name : {"update", "first_shard", "last_shard"}) number(name);
  }
  return inputs;
}

// Floats are the numbers. Bytes become numbers from 0 to 1, or what was learned of the training samples: x *
// scale + shift, where either is state, [channels].
ValueId add_conversion(Builder& builder, const Network& network, ValueId samples) {
  using runtime::Normalization;
  ScalarExpr expr;
  ScalarPool& pool = expr.pool;
  if (!network.description.bytes) {
    expr.root = pool.operand(0);
    return builder.map(std::move(expr), {samples});
  }
  ScalarId byte = pool.unary(ScalarOp::kConvert, pool.operand(0));
  if (network.data.normalize.value_or(Normalization::kNone) == Normalization::kNone) {
    expr.root = pool.binary(ScalarOp::kMultiply, byte, pool.constant(1.0 / 255));
    return builder.map(std::move(expr), {samples});
  }
  builder.set_span(network.data.span);
  const Extents extents = builder.type(samples).extents, channels{extents.back()};
  ValueId scale = builder.state(runtime::kDataScale, channels, 1.0 / 255);
  ValueId shift = builder.state(runtime::kDataShift, channels, 0);
  // A single channel is read at the same place by all.
  const IndexMap map = channels[0] == 1 ? IndexMap{{}} : axis(static_cast<std::uint32_t>(extents.size() - 1));
  expr.root =
      pool.binary(ScalarOp::kAdd, pool.binary(ScalarOp::kMultiply, byte, pool.operand(1)), pool.operand(2));
  return builder.map(std::move(expr), extents, {samples, scale, shift},
                     {graph::identity_map(extents.size()), map, map});
}

ValueId add_layers(Builder& builder, const Network& network, const Inputs& inputs, std::int64_t batch,
                   bool training) {
  const BuildContext context{builder, inputs.step, inputs.count, batch, training};
  return build_layers(context, network.layers, add_conversion(builder, network, inputs.samples));
}

// sum over outputs of loss(y, t), or its mean: [batch]
ValueId add_loss_rows(Builder& builder, const LossSpec& loss, const Inputs& inputs, ValueId output) {
  const Extents extents = builder.type(output).extents;
  ScalarExpr expr;
  ScalarPool& pool = expr.pool;
  ScalarId y = pool.operand(0);
  const graph::TensorType& labels = builder.type(inputs.labels);
  const bool real = labels.dtype == DType::kF32;
  ScalarId label = real ? pool.operand(1) : pool.unary(ScalarOp::kConvert, pool.operand(1));
  std::vector<ValueId> operands{output, inputs.labels};
  std::vector<IndexMap> maps{graph::identity_map(2), graph::identity_map(labels.extents.size())};
  ScalarId target = label;
  if (loss.one_hot) {
    operands.push_back(builder.iota({extents[1]}, 0));
    maps.push_back(axis(1));
    target = pool.binary(ScalarOp::kEqual, label, pool.unary(ScalarOp::kConvert, pool.operand(2)));
  }
  ScalarId term = graph::inline_into(pool, loss.function.expr, std::array{y, target});
  if (loss.kind == LossKind::kElementwise && extents[1] > 1) {
    term = pool.binary(ScalarOp::kMultiply, term, pool.constant(1.0 / static_cast<double>(extents[1])));
  }
  expr.root = term;
  ValueId terms = builder.map(std::move(expr), extents, operands, maps);
  return builder.reduce_axes(ReduceKind::kSum, terms, std::array<std::uint32_t, 1>{1});
}

// `rows`, each times the weight of its label. [batch]
ValueId weigh_classes(Builder& builder, const Network& network, const Inputs& inputs, ValueId rows) {
  const std::int64_t classes = network.description.classes;
  const Extents extents{builder.type(rows).extents[0], classes};
  ScalarExpr chosen;
  ScalarPool& pool = chosen.pool;
  ScalarId hit = pool.binary(ScalarOp::kEqual, pool.unary(ScalarOp::kConvert, pool.operand(0)),
                             pool.unary(ScalarOp::kConvert, pool.operand(1)));
  chosen.root = pool.select(hit, pool.operand(2), pool.constant(0));
  ValueId weights = builder.state(kClassWeightState, {classes}, 1);
  ValueId spread =
      builder.map(std::move(chosen), extents, {inputs.labels, builder.iota({classes}, 0), weights},
                  {axis(0), axis(1), axis(1)});
  ValueId weight = builder.reduce_axes(ReduceKind::kSum, spread, std::array<std::uint32_t, 1>{1});
  return builder.binary(ScalarOp::kMultiply, rows, weight);
}

// `rows`, with 0 in the rows past the batch's count, summed.
ValueId add_sum_over_samples(Builder& builder, const Inputs& inputs, ValueId rows) {
  const Extents extents = builder.type(rows).extents;
  ScalarExpr expr;
  ScalarPool& pool = expr.pool;
  ScalarId counts = pool.binary(ScalarOp::kLess, pool.unary(ScalarOp::kConvert, pool.operand(1)),
                                pool.unary(ScalarOp::kConvert, pool.operand(2)));
  expr.root = pool.select(counts, pool.operand(0), pool.constant(0));
  ValueId position = builder.iota(extents, 0);
  ValueId masked =
      builder.map(std::move(expr), extents, {rows, position, inputs.count}, {axis(0), axis(0), {}});
  return builder.reduce_axes(ReduceKind::kSum, masked, std::array<std::uint32_t, 1>{0});
}

// 1 where the prediction is the label: the greatest output, or for a single output whether it is above one
// half. [batch]
ValueId add_hits(Builder& builder, const Inputs& inputs, ValueId output) {
  const Extents extents = builder.type(output).extents;
  ScalarExpr expr;
  ScalarPool& pool = expr.pool;
  ScalarId label = pool.unary(ScalarOp::kConvert, pool.operand(1));
  const bool single = extents[1] == 1;
  ScalarId predicted = single ? pool.binary(ScalarOp::kLess, pool.constant(0.5), pool.operand(0))
                              : pool.unary(ScalarOp::kConvert, pool.operand(0));
  expr.root = pool.binary(ScalarOp::kEqual, predicted, label);
  ValueId best = builder.reduce_axes(single ? ReduceKind::kSum : ReduceKind::kArgmax, output,
                                     std::array<std::uint32_t, 1>{1});
  return builder.map(std::move(expr), {extents[0]}, {best, inputs.labels}, {axis(0), axis(0)});
}

// Forward and loss, with outputs `output`, `loss_sum`, `correct` and, for the gradient, `loss`: the mean over
// the samples that count (of shards, their part of it).
Graph build_forward(const Network& network, std::int64_t batch, bool training) {
  Graph graph;
  Builder builder(graph);
  Inputs inputs = add_inputs(builder, network, batch, training);
  ValueId output = add_layers(builder, network, inputs, batch, training);
  builder.set_span(network.loss.span);
  ValueId rows = add_loss_rows(builder, network.loss, inputs, output);
  if (training && network.train.class_weight) rows = weigh_classes(builder, network, inputs, rows);
  ValueId loss_sum = add_sum_over_samples(builder, inputs, rows);
  graph.outputs = {{"output", output}, {"loss_sum", loss_sum}};
  if (network.description.classes > 0)
    graph.outputs.push_back(
        {"correct", add_sum_over_samples(builder, inputs, add_hits(builder, inputs, output))});
  ScalarExpr mean;
  mean.root = mean.pool.binary(ScalarOp::kDivide, mean.pool.operand(0),
                               mean.pool.unary(ScalarOp::kConvert, mean.pool.operand(1)));
  ValueId loss = builder.map(std::move(mean), {loss_sum, inputs.mean_over});
  graph.outputs.push_back({"loss", loss});
  return inline_maps(pool_first(merge_equal(inline_maps(gather_results(std::move(graph))))));
}

void keep_outputs(Graph& graph, std::initializer_list<std::string_view> names) {
  std::erase_if(graph.outputs, [&](const graph::Output& output) {
    return std::find(names.begin(), names.end(), output.name) == names.end();
  });
}

// What the settings, or the parameter's layer, add to the loss for it. Biases and what normalizations and
// activations learn are vectors, and go without.
Penalty penalty_of(const Network& network, const graph::Node& parameter) {
  if (parameter.type.extents.size() < 2) return {};
  const std::string_view owner = std::string_view(parameter.name).substr(0, parameter.name.find('.'));
  const auto layer = std::ranges::find(network.layers, owner, &Layer::name);
  const Penalty& all = network.train.penalty;
  if (layer == network.layers.end()) return all;
  return {layer->arguments.number("l1", all.l1), layer->arguments.number("l2", all.l2)};
}

std::vector<TrainedParameter> pair_up(const Graph& graph, const Network& network,
                                      const std::vector<ValueId>& parameters,
                                      const std::vector<ValueId>& gradients) {
  std::vector<TrainedParameter> pairs;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    pairs.push_back({parameters[i], gradients[i], penalty_of(network, graph[parameters[i]])});
  return pairs;
}

}  // namespace

Graph build_training_step(const Network& network) {
  Graph graph = build_forward(network, network.train.samples_a_step(), true);
  std::vector<ValueId> parameters;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* parameter = std::get_if<graph::Parameter>(&graph.nodes[i].op);
    if (parameter && parameter->trained) parameters.push_back(static_cast<ValueId>(i));
  }
  std::vector<ValueId> gradients = add_gradients(graph, *graph.output("loss"), parameters);
  add_updates(graph, network.train, pair_up(graph, network, parameters, gradients));
  keep_outputs(graph, {"loss_sum", "correct"});
  return drop_dead(merge_equal(inline_maps(gather_results(std::move(graph)))));
}

Graph build_inference(const Network& network, std::int64_t batch) {
  Graph graph = build_forward(network, batch, false);
  keep_outputs(graph, {"output", "loss_sum", "correct"});
  return drop_dead(std::move(graph));
}

}  // namespace netc::training

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/network/augment.h"
#include "compiler/network/metrics.h"
#include "compiler/network/network.h"
#include "compiler/network/table_settings.h"

namespace netc {
namespace {

std::string amount_text(std::string_view name, const std::optional<Amount>& amount) {
  if (!amount) return {};
  return amount->share ? fmt::format(" {}={}%", name, amount->value * 100)
                       : fmt::format(" {}={}", name, amount->value);
}

std::string data_text(const DataSpec& data) {
  std::string text = "data " + data.kind;
  for (const std::string& file : data.files) text += fmt::format(" \"{}\"", file);
  const auto& [height, width, channels] = data.images;
  if (height > 0) text += fmt::format(" size={}x{}", height, width);
  if (channels > 0) text += channels == 1 ? " grey" : " rgb";
  if (data.normalize == runtime::Normalization::kStandard) text += " normalize=standard";
  if (data.normalize == runtime::Normalization::kMinMax) text += " normalize=minmax";
  if (data.augmentation != runtime::Augmentation{}) text += " " + print(data.augmentation);
  if (data.folds > 0) text += fmt::format(" cv={}", data.folds);
  text += print(data.table) + print(data.made);
  return text + amount_text("validation", data.validation) + amount_text("test", data.test) +
         amount_text("limit", data.limit);
}

std::string function_text(const graph::ScalarFunction& function) {
  return graph::print(function.expr, function.operands);
}

std::string activation_text(const Activation& activation) {
  if (activation.kind == ActivationKind::kGated)
    return fmt::format("  {} = the first half times {}, of the second\n", activation.name,
                       function_text(activation.function));
  if (activation.kind != ActivationKind::kElementwise)
    return fmt::format("  {} over the last axis\n", activation.name);
  std::string text = fmt::format("  {} = {}", activation.name, function_text(activation.function));
  for (const LearnedParameter& learned : activation.learned)
    text += fmt::format(", learned {} from {}", learned.name, learned.initial);
  return text + "\n";
}

// `conv_1 and the input`
std::string inputs_text(const Layer& layer, const std::vector<Layer>& layers) {
  std::vector<std::string> names;
  for (std::size_t place : layer.inputs)
    names.push_back(place == kNetworkInput ? "the input" : layers[place].name);
  return fmt::format("{}", fmt::join(names, " and "));
}

std::string layer_text(const Layer& layer, const std::vector<Layer>& layers, const Sources& sources) {
  std::string place = fmt::format("{}:{}", sources.name(layer.span.source),
                                  sources.position(layer.span.source, layer.span.begin).line);
  std::string text = fmt::format("{}: {}, {} -> {}   # {}\n", layer.name, layer.text, print(layer.input),
                                 print(layer.output), place);
  const auto number = static_cast<std::size_t>(&layer - layers.data());
  const std::size_t before = number == 0 ? kNetworkInput : number - 1;
  if (layer.inputs != std::vector{before}) text += "  of " + inputs_text(layer, layers) + "\n";
  if (layer.activation) text += activation_text(*layer.activation);
  return text;
}

std::string rule_text(const std::string& title, const OptimizerRule& rule) {
  std::vector<std::string> names{"w", "g"};
  for (const OptimizerRule::State& state : rule.states) names.push_back(state.name);
  for (const char* name : {"step", "epoch", "progress", "rate_factor"}) names.emplace_back(name);
  for (std::size_t i = 0; i < rule.norms.size(); ++i) names.push_back(fmt::format("norm_{}", i + 1));
  std::string text = title + "\n";
  for (std::size_t i = 0; i < rule.norms.size(); ++i)
    text += fmt::format("  norm_{} = norm({})\n", i + 1, graph::print(rule.norms[i], names));
  text += fmt::format("  w = {}\n", graph::print(rule.next_w, names));
  for (std::size_t i = 0; i < rule.states.size(); ++i) {
    text += fmt::format("  {} = {}, from {}\n", rule.states[i].name, graph::print(rule.next_states[i], names),
                        rule.states[i].initial);
  }
  return text;
}

// Where the program chooses them.
std::string metrics_text(const Network& network) {
  const std::vector<runtime::ChosenMetric>& metrics = network.train.metrics;
  if (metrics == standard_metrics(network)) return {};
  std::string text = "metrics";
  for (const runtime::ChosenMetric& chosen : metrics) {
    text += fmt::format(" {}", chosen.metric->name);
    if (chosen.metric->parameter) text += fmt::format("({})", chosen.parameter);
  }
  return text + "\n";
}

// A line for each setting that is there.
std::string regularization_text(const TrainSettings& train) {
  std::string text;
  if (train.shards > 1) text += fmt::format("shards {}\n", train.shards);
  if (train.penalty.l1 > 0) text += fmt::format("l1 {}\n", train.penalty.l1);
  if (train.penalty.l2 > 0) text += fmt::format("l2 {}\n", train.penalty.l2);
  if (train.clip_norm) text += fmt::format("clip norm={}\n", *train.clip_norm);
  if (train.clip_value) text += fmt::format("clip value={}\n", *train.clip_value);
  if (train.average) text += fmt::format("ema {}\n", *train.average);
  if (!train.class_weight) return text;
  const std::vector<double>& weights = train.class_weight->weights;
  return text + fmt::format("class_weight {}\n",
                            weights.empty() ? "balanced" : fmt::format("{}", fmt::join(weights, " ")));
}

std::string plateau_text(const TrainSettings& train) {
  std::string text;
  if (const auto& stop = train.early_stop)
    text += fmt::format("early_stop {} patience={} min_delta={}\n", stop->monitor.name(), stop->patience,
                        stop->min_delta);
  if (const auto& reduce = train.reduce_rate)
    text += fmt::format("reduce_lr {} factor={} patience={} min={} min_delta={} cooldown={}\n",
                        reduce->monitor.name(), reduce->factor, reduce->patience, reduce->least,
                        reduce->min_delta, reduce->cooldown);
  return text;
}

}  // namespace

std::string print(const Network& network, const Sources& sources) {
  std::string text = fmt::format("network \"{}\"\n{}\n", network.name, data_text(network.data));
  text += fmt::format("input {}, {}\n", describe(network.input),
                      network.description.classes > 0 ? fmt::format("{} classes", network.description.classes)
                                                      : "a real target");
  for (const Layer& layer : network.layers) text += layer_text(layer, network.layers, sources);
  const LossSpec& loss = network.loss;
  text += fmt::format("loss {}, {} over the outputs, of {}\n  {}\n", loss.name,
                      loss.kind == LossKind::kDistribution ? "sum" : "mean",
                      loss.one_hot                      ? "one-hot labels"
                      : network.description.classes > 0 ? "labels"
                                                        : "targets",
                      function_text(loss.function));
  const TrainSettings& train = network.train;
  text += fmt::format("train {} epochs, batch {}, seed {}\n", train.epochs, train.batch, train.seed);
  text += regularization_text(train) + plateau_text(train) + metrics_text(network);
  text += rule_text("optimizer " + train.optimizer_text, train.optimizer);
  const std::string without = rule_text("optimizer " + train.optimizer_text, train.optimizer_no_decay);
  if (!text.ends_with(without)) text += rule_text("optimizer of biases", train.optimizer_no_decay);
  return text;
}

}  // namespace netc

#include "compiler/training/autodiff_scan.h"

#include "compiler/graph/build.h"

namespace netc::training {

namespace {

using namespace graph;

Extents stacked(std::int64_t steps, const Extents& slice) {
  Extents extents{steps};
  extents.insert(extents.end(), slice.begin(), slice.end());
  return extents;
}

ValueId zeros(Graph& graph, const TensorType& type, Span span) {
  return graph.add({.op = Constant{{0}}, .operands = {}, .type = type, .name = {}, .span = span});
}

std::vector<ValueId> inputs_of(const Graph& body) {
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < body.nodes.size(); ++i) {
    if (std::holds_alternative<Input>(body.nodes[i].op)) inputs.push_back(static_cast<ValueId>(i));
  }
  return inputs;
}

// The scan that runs backwards through `op`.
//   carries     the adjoints of the f32 carries, then the sums so far of the adjoints of the wanted constants
//   sequences   the forward carries, the forward sequences, the adjoints of the stacked results that have one
//   constants   the forward constants
//   stacked     the adjoints of the wanted sequences
class BackwardScan {
 public:
  BackwardScan(Graph& graph, ValueId scan, const std::map<std::uint32_t, ValueId>& results,
               const std::vector<bool>& is_wanted)
      : graph_(graph), scan_(scan), node_(graph[scan]), op_(std::get<Scan>(node_.op)), results_(results) {
    std::vector<ValueId> inputs = inputs_of(*op_.body);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
      types_.push_back(op_.body->type(inputs[i]));
      if (types_[i].dtype != DType::kF32) continue;
      if (i < op_.carries) {
        carries_.push_back(i);
      } else if (is_wanted[i]) {
        (i < op_.carries + op_.sequences ? sequences_ : constants_).push_back(i);
      }
    }
  }

  std::vector<std::optional<ValueId>> add() {
    std::vector<ValueId> operands = outer_operands(save_carries());
    Scan back{.body = make_body(),
              .steps = op_.steps,
              .carries = static_cast<std::uint32_t>(carries_.size() + constants_.size()),
              .sequences = static_cast<std::uint32_t>(op_.carries + op_.sequences + stacked_adjoints()),
              .reverse = !op_.reverse};
    Builder builder(graph_);
    builder.set_span(node_.span);
    std::vector<ValueId> values = builder.scan(std::move(back), std::move(operands));
    std::vector<std::optional<ValueId>> adjoints(types_.size());
    std::size_t next = 0;
    for (const auto* list : {&carries_, &constants_, &sequences_}) {
      for (std::uint32_t input : *list) adjoints[input] = values[next++];
    }
    return adjoints;
  }

 private:
  std::size_t stacked_adjoints() const {
    std::size_t count = 0;
    for (const auto& [number, adjoint] : results_) count += number >= op_.carries;
    return count;
  }

  // Makes the forward scan stack the carries that each step started from.
  std::vector<ValueId> save_carries() {
    Graph body = *op_.body;
    std::vector<ValueId> inputs = inputs_of(body);
    for (std::uint32_t i = 0; i < op_.carries; ++i) body.outputs.push_back({"saved", inputs[i]});
    auto first = static_cast<std::uint32_t>(op_.body->outputs.size());
    std::get<Scan>(graph_.nodes[index(scan_)].op).body = std::make_shared<const Graph>(std::move(body));
    std::vector<ValueId> saved;
    for (std::uint32_t i = 0; i < op_.carries; ++i) {
      TensorType type{types_[i].dtype, stacked(op_.steps, types_[i].extents)};
      saved.push_back(graph_.add({.op = ScanResult{first + i},
                                  .operands = {scan_},
                                  .type = std::move(type),
                                  .name = {},
                                  .span = node_.span}));
    }
    return saved;
  }

  std::vector<ValueId> outer_operands(const std::vector<ValueId>& saved) {
    std::vector<ValueId> operands;
    for (std::uint32_t i : carries_) {
      auto known = results_.find(i);
      operands.push_back(known != results_.end() ? known->second : zeros(graph_, types_[i], node_.span));
    }
    for (std::uint32_t i : constants_) operands.push_back(zeros(graph_, types_[i], node_.span));
    operands.insert(operands.end(), saved.begin(), saved.end());
    auto sequences = node_.operands.begin() + op_.carries;
    operands.insert(operands.end(), sequences, sequences + op_.sequences);
    for (const auto& [number, adjoint] : results_) {
      if (number >= op_.carries) operands.push_back(adjoint);
    }
    operands.insert(operands.end(), sequences + op_.sequences, node_.operands.end());
    return operands;
  }

  std::shared_ptr<const Graph> make_body() const {
    Graph body;
    Builder builder(body);
    builder.set_span(node_.span);
    std::vector<ValueId> carry_adjoints, sums, forward;
    for (std::uint32_t i : carries_) carry_adjoints.push_back(builder.input({}, types_[i]));
    for (std::uint32_t i : constants_) sums.push_back(builder.input({}, types_[i]));
    for (std::uint32_t i = 0; i < op_.carries + op_.sequences; ++i)
      forward.push_back(builder.input({}, types_[i]));
    std::map<std::uint32_t, ValueId> stacked_slices;
    for (const auto& [number, adjoint] : results_) {
      if (number < op_.carries) continue;
      stacked_slices[number] = builder.input({}, op_.body->type(op_.body->outputs[number].value));
    }
    for (std::size_t i = forward.size(); i < types_.size(); ++i)
      forward.push_back(builder.input({}, types_[i]));

    std::vector<ValueId> place = copy_forward(body, forward);
    std::vector<Seed> seeds;
    auto seed = [&](std::uint32_t number, ValueId adjoint) {
      seeds.push_back({place[index(op_.body->outputs[number].value)], adjoint});
    };
    for (std::size_t i = 0; i < carries_.size(); ++i) seed(carries_[i], carry_adjoints[i]);
    for (const auto& [number, slice] : stacked_slices) seed(number, slice);
    add_outputs(builder, forward, sums, seeds);
    return std::make_shared<const Graph>(std::move(body));
  }

  void add_outputs(Builder& builder, const std::vector<ValueId>& forward, const std::vector<ValueId>& sums,
                   const std::vector<Seed>& seeds) const {
    std::vector<ValueId> wanted;
    for (const auto* list : {&carries_, &constants_, &sequences_}) {
      for (std::uint32_t input : *list) wanted.push_back(forward[input]);
    }
    std::vector<ValueId> adjoints = add_adjoints(builder.graph(), seeds, wanted);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      ValueId& adjoint = adjoints[carries_.size() + i];
      adjoint = builder.binary(ScalarOp::kAdd, sums[i], adjoint);
    }
    for (ValueId adjoint : adjoints) builder.graph().outputs.push_back({"adjoint", adjoint});
  }

  // Where each node of the forward body stands in `body`; its inputs are given.
  std::vector<ValueId> copy_forward(Graph& body, const std::vector<ValueId>& inputs) const {
    std::vector<ValueId> place;
    std::size_t next_input = 0;
    for (const Node& node : op_.body->nodes) {
      if (std::holds_alternative<Input>(node.op)) {
        place.push_back(inputs[next_input++]);
        continue;
      }
      Node copy = node;
      for (ValueId& operand : copy.operands) operand = place[index(operand)];
      place.push_back(body.add(std::move(copy)));
    }
    return place;
  }

  Graph& graph_;
  ValueId scan_;
  // Copies: adding nodes moves the graph's.
  Node node_;
  Scan op_;
  const std::map<std::uint32_t, ValueId>& results_;
  // Of the body's inputs: their types, and which of them get adjoints.
  std::vector<TensorType> types_;
  std::vector<std::uint32_t> carries_, constants_, sequences_;
};

}  // namespace

std::vector<std::optional<ValueId>> add_scan_adjoints(Graph& graph, ValueId scan,
                                                      const std::map<std::uint32_t, ValueId>& results,
                                                      const std::vector<bool>& is_wanted) {
  return BackwardScan(graph, scan, results, is_wanted).add();
}

}  // namespace netc::training

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/graph/graph.h"
#include "compiler/graph/index_map.h"
#include "compiler/support/overloaded.h"

namespace netc::graph {

namespace {

// An explanation of what is wrong, or nothing.
using Fault = std::string;

Fault check_axes(std::string_view what, const IndexMap& map, std::size_t domain_rank) {
  for (const AffineIndex& entry : map) {
    for (const AffineTerm& term : entry.terms) {
      if (term.axis < domain_rank) continue;
      return fmt::format("{} uses axis {} of a domain of rank {}", what, term.axis, domain_rank);
    }
  }
  return {};
}

Fault check_map(std::string_view what, const IndexMap& map, std::size_t domain_rank,
                std::size_t tensor_rank) {
  if (map.size() != tensor_rank) {
    return fmt::format("{} has {} entries for a tensor of rank {}", what, map.size(), tensor_rank);
  }
  return check_axes(what, map, domain_rank);
}

Fault check_extents(std::string_view what, const Extents& extents) {
  for (std::int64_t extent : extents) {
    if (extent < 1) return fmt::format("{} has the extent {}", what, extent);
  }
  return {};
}

class Verifier {
 public:
  Verifier(const Graph& graph, bool is_body) : graph_(graph), is_body_(is_body) {}

  Fault verify() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (Fault fault = check_node(i); !fault.empty()) return fmt::format("%{}: {}", i, fault);
    }
    for (const Output& output : graph_.outputs) {
      if (Fault fault = check_output(output); !fault.empty())
        return fmt::format("output `{}`: {}", output.name, fault);
    }
    for (const Update& update : graph_.updates) {
      if (Fault fault = check_update(update); !fault.empty()) {
        return fmt::format("update of %{}: {}", index(update.leaf), fault);
      }
    }
    return {};
  }

 private:
  const TensorType& operand(std::size_t i) const { return graph_.type(node_->operands[i]); }
  std::size_t rank() const { return node_->type.extents.size(); }

  Fault check_node(std::size_t place) {
    node_ = &graph_.nodes[place];
    for (ValueId id : node_->operands) {
      if (index(id) >= place) return fmt::format("operand %{} does not come before it", index(id));
      if (std::holds_alternative<Scan>(graph_[id].op) && !std::holds_alternative<ScanResult>(node_->op)) {
        return fmt::format("operand %{} is a scan, which only scan_result reads", index(id));
      }
    }
    if (Fault fault = check_extents("it", node_->type.extents); !fault.empty()) return fault;
    return std::visit([this](const auto& op) { return check(op); }, node_->op);
  }

  Fault expect_operands(std::size_t count) const {
    if (node_->operands.size() == count) return {};
    return fmt::format("it has {} operands instead of {}", node_->operands.size(), count);
  }
  Fault expect_dtype(DType dtype) const {
    if (node_->type.dtype == dtype) return {};
    return dtype == DType::kF32 ? "its values must be f32" : "its values must be i32";
  }
  Fault expect_f32_operand(std::size_t i) const {
    if (operand(i).dtype == DType::kF32) return {};
    return fmt::format("operand {} must be f32", i);
  }
  Fault expect_extents(const Extents& extents) const {
    if (node_->type.extents == extents) return {};
    return fmt::format("its extents must be [{}]", fmt::join(extents, ", "));
  }
  Fault expect_type(const TensorType& type) const {
    if (node_->type.dtype != type.dtype) return "its dtype must be its operand's";
    return expect_extents(type.extents);
  }

  // The first fault of several checks.
  template <typename... Checks>
  static Fault first_of(Checks... checks) {
    Fault fault;
    ((fault = checks(), !fault.empty()) || ...);
    return fault;
  }

  Fault check_leaf() {
    if (is_body_ && !std::holds_alternative<Input>(node_->op))
      return "a scan's body has no parameters and no state";
    if (!node_->name.empty() && !names_.insert(node_->name).second) {
      return fmt::format("the name `{}` is taken by another leaf", node_->name);
    }
    return expect_operands(0);
  }

  Fault check(const Input&) { return check_leaf(); }
  Fault check(const Parameter&) {
    return first_of([&] { return check_leaf(); }, [&] { return expect_dtype(DType::kF32); });
  }
  Fault check(const State&) { return check_leaf(); }

  Fault check(const Constant& op) {
    std::size_t count = static_cast<std::size_t>(element_count(node_->type.extents));
    if (op.values.size() != 1 && op.values.size() != count) {
      return fmt::format("it has {} values for {} elements", op.values.size(), count);
    }
    return expect_operands(0);
  }

  Fault check(const Iota& op) {
    if (op.axis >= rank()) return fmt::format("axis {} of a tensor of rank {}", op.axis, rank());
    return first_of([&] { return expect_operands(0); }, [&] { return expect_dtype(DType::kI32); });
  }

  Fault check(const Map& op) {
    if (Fault fault = expect_dtype(DType::kF32); !fault.empty()) return fault;
    if (op.operands.size() != node_->operands.size()) {
      return fmt::format("it has {} maps for {} operands", op.operands.size(), node_->operands.size());
    }
    for (std::size_t i = 0; i < op.operands.size(); ++i) {
      Fault fault = check_map(fmt::format("the map of operand {}", i), op.operands[i], rank(),
                              operand(i).extents.size());
      if (!fault.empty()) return fault;
    }
    return check_expression(op.expr);
  }

  Fault check_expression(const ScalarExpr& expr) const {
    if (expr.root >= expr.pool.size()) return "its expression has no root";
    auto is_integer = [&](ScalarId id) {
      const ScalarNode& node = expr.pool[id];
      return node.op == ScalarOp::kOperand && operand(node.operand).dtype != DType::kF32;
    };
    std::vector<bool> live = live_nodes(expr);
    for (ScalarId id = 0; id <= expr.root; ++id) {
      if (!live[id]) continue;
      const ScalarNode& node = expr.pool[id];
      if (node.op == ScalarOp::kOperand && node.operand >= node_->operands.size()) {
        return fmt::format("its expression names operand {} of {}", node.operand, node_->operands.size());
      }
      for (int i = 0; i < arity(node.op); ++i) {
        if (is_integer(node.args[i]) != (node.op == ScalarOp::kConvert)) {
          return "convert must stand above each integer operand, and nowhere else";
        }
      }
    }
    return is_integer(expr.root) ? "convert must stand above each integer operand, and nowhere else" : "";
  }

  Fault check(const Contract& op) {
    return first_of([&] { return expect_operands(2); }, [&] { return expect_dtype(DType::kF32); },
                    [&] { return expect_f32_operand(0); }, [&] { return expect_f32_operand(1); },
                    [&] { return check_extents("its domain", op.domain); },
                    [&] { return check_map("map a", op.a, op.domain.size(), operand(0).extents.size()); },
                    [&] { return check_map("map b", op.b, op.domain.size(), operand(1).extents.size()); },
                    [&] { return check_map("the result map", op.result, op.domain.size(), rank()); });
  }

  Fault check(const Reduce& op) {
    DType dtype = op.kind == ReduceKind::kArgmax ? DType::kI32 : DType::kF32;
    return first_of(
        [&] { return expect_operands(1); }, [&] { return expect_dtype(dtype); },
        [&] { return expect_f32_operand(0); }, [&] { return check_extents("its domain", op.domain); },
        [&] { return check_map("the operand map", op.operand, op.domain.size(), operand(0).extents.size()); },
        [&] { return check_map("the result map", op.result, op.domain.size(), rank()); },
        [&]() -> Fault {
          if (op.kind == ReduceKind::kSum || is_separable(op.result)) return {};
          return "the result map of a maximum uses one axis in each entry, and each axis once";
        });
  }

  Fault check(const Reshape&) {
    if (Fault fault = expect_operands(1); !fault.empty()) return fault;
    if (node_->type.dtype != operand(0).dtype) return "its dtype must be its operand's";
    std::int64_t from = element_count(operand(0).extents), to = element_count(node_->type.extents);
    if (from != to) return fmt::format("{} elements become {}", from, to);
    return {};
  }

  Fault check(const Remap& op) {
    if (Fault fault = expect_operands(1); !fault.empty()) return fault;
    if (node_->type.dtype != operand(0).dtype) return "its dtype must be its operand's";
    return check_map("the operand map", op.operand, rank(), operand(0).extents.size());
  }

  Fault check(const Concat& op) {
    if (node_->operands.empty()) return "it has no operands";
    TensorType expected = operand(0);
    if (op.axis >= expected.extents.size()) {
      return fmt::format("axis {} of a tensor of rank {}", op.axis, expected.extents.size());
    }
    expected.extents[op.axis] = 0;
    for (std::size_t i = 0; i < node_->operands.size(); ++i) {
      TensorType type = operand(i);
      if (type.extents.size() != expected.extents.size())
        return fmt::format("operand {} has another rank", i);
      expected.extents[op.axis] += type.extents[op.axis];
      type.extents[op.axis] = expected.extents[op.axis];
      if (type != expected)
        return fmt::format("operand {} differs from the first by more than axis {}", i, op.axis);
    }
    return expect_type(expected);
  }

  Fault check(const Gather&) {
    if (Fault fault = expect_operands(2); !fault.empty()) return fault;
    if (operand(0).extents.empty()) return "the table has no rows";
    if (operand(1).dtype == DType::kF32) return "the indices must be integers";
    TensorType expected{operand(0).dtype, operand(1).extents};
    expected.extents.insert(expected.extents.end(), operand(0).extents.begin() + 1, operand(0).extents.end());
    return expect_type(expected);
  }

  Fault check(const ScatterAdd&) {
    if (Fault fault = expect_operands(2); !fault.empty()) return fault;
    if (operand(0).dtype == DType::kF32) return "the indices must be integers";
    if (Fault fault = expect_f32_operand(1); !fault.empty()) return fault;
    const Extents &indices = operand(0).extents, &updates = operand(1).extents;
    if (updates.size() < indices.size() || !std::equal(indices.begin(), indices.end(), updates.begin())) {
      return "the updates' first extents must be the indices'";
    }
    if (node_->type.extents.empty()) return "it has no rows";
    TensorType expected{DType::kF32, {node_->type.extents[0]}};
    expected.extents.insert(expected.extents.end(), updates.begin() + indices.size(), updates.end());
    return expect_type(expected);
  }

  Fault check(const Random&) {
    if (Fault fault = expect_operands(1); !fault.empty()) return fault;
    if (operand(0) != TensorType{DType::kI32, {}}) return "its operand must be the step: i32 of rank 0";
    return expect_dtype(DType::kF32);
  }

  Fault check(const Scan& op) {
    if (!op.body) return "it has no body";
    if (op.steps < 1) return "it has no steps";
    if (Fault fault = Verifier(*op.body, true).verify(); !fault.empty()) return "in the body: " + fault;
    if (!op.body->updates.empty()) return "a scan's body updates nothing";
    return first_of([&] { return check_scan_inputs(op); }, [&] { return check_scan_outputs(op); });
  }

  Fault check_scan_inputs(const Scan& op) const {
    std::vector<TensorType> inputs;
    for (const Node& node : op.body->nodes) {
      if (std::holds_alternative<Input>(node.op)) inputs.push_back(node.type);
    }
    if (Fault fault = expect_operands(inputs.size()); !fault.empty()) return fault;
    if (op.carries + op.sequences > inputs.size()) return "it has fewer operands than carries and sequences";
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      bool is_sequence = i >= op.carries && i < op.carries + op.sequences;
      if (is_sequence) inputs[i].extents.insert(inputs[i].extents.begin(), op.steps);
      if (operand(i) != inputs[i]) return fmt::format("operand {} does not fit the body's input", i);
    }
    return {};
  }

  Fault check_scan_outputs(const Scan& op) const {
    const std::vector<Output>& outputs = op.body->outputs;
    if (outputs.empty() || outputs.size() < op.carries) return "the body has fewer outputs than carries";
    for (std::size_t i = 0; i < op.carries; ++i) {
      if (op.body->type(outputs[i].value) != operand(i)) return fmt::format("carry {} changes its type", i);
    }
    return expect_type(result_type(op, 0));
  }

  static TensorType result_type(const Scan& op, std::size_t number) {
    TensorType type = op.body->type(op.body->outputs[number].value);
    if (number >= op.carries) type.extents.insert(type.extents.begin(), op.steps);
    return type;
  }

  Fault check(const ScanResult& op) {
    if (Fault fault = expect_operands(1); !fault.empty()) return fault;
    const auto* scan = std::get_if<Scan>(&graph_[node_->operands[0]].op);
    if (!scan) return "its operand must be a scan";
    if (op.number >= scan->body->outputs.size()) {
      return fmt::format("result {} of a scan with {}", op.number, scan->body->outputs.size());
    }
    return expect_type(result_type(*scan, op.number));
  }

  Fault check_value(ValueId id) const {
    if (index(id) >= graph_.nodes.size()) return fmt::format("there is no %{}", index(id));
    if (std::holds_alternative<Scan>(graph_[id].op))
      return fmt::format("%{} is a scan, not a value", index(id));
    return {};
  }

  Fault check_output(const Output& output) {
    if (!is_body_ && !outputs_.insert(output.name).second) return "the name is taken by another output";
    return check_value(output.value);
  }

  Fault check_update(const Update& update) {
    Fault fault =
        first_of([&] { return check_value(update.leaf); }, [&] { return check_value(update.next); });
    if (!fault.empty()) return fault;
    const Op& op = graph_[update.leaf].op;
    if (!std::holds_alternative<Parameter>(op) && !std::holds_alternative<State>(op)) {
      return "it is neither a parameter nor state";
    }
    if (!updated_.insert(index(update.leaf)).second) return "it has two next values";
    if (graph_.type(update.leaf) != graph_.type(update.next)) return "its next value has another type";
    return {};
  }

  const Graph& graph_;
  bool is_body_;
  const Node* node_ = nullptr;
  std::set<std::string_view> names_, outputs_;
  std::set<std::size_t> updated_;
};

}  // namespace

std::string verify(const Graph& graph) { return Verifier(graph, false).verify(); }

}  // namespace netc::graph

#include "compiler/training/reference.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "compiler/graph/index_map.h"
#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"
#include "runtime/philox.h"

namespace netc::training {

namespace {

using namespace graph;

// Where a map points in a row-major tensor, or nothing if outside.
std::optional<std::size_t> locate(const IndexMap& map, const Extents& extents,
                                  std::span<const std::int64_t> d) {
  std::int64_t place = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    std::int64_t coordinate = at(map[i], d);
    if (coordinate < 0 || coordinate >= extents[i]) return std::nullopt;
    place = place * extents[i] + coordinate;
  }
  return static_cast<std::size_t>(place);
}

double read(const ReferenceTensor& tensor, const IndexMap& map, std::span<const std::int64_t> d) {
  std::optional<std::size_t> place = locate(map, tensor.extents, d);
  return place ? tensor.values[*place] : 0;
}

// Visits every point of the domain, row-major.
template <typename Visit>
void for_each_point(const Extents& domain, Visit visit) {
  std::vector<std::int64_t> d(domain.size(), 0);
  std::int64_t count = element_count(domain);
  for (std::int64_t n = 0; n < count; ++n) {
    visit(std::span<const std::int64_t>(d));
    for (std::size_t axis = domain.size(); axis-- > 0;) {
      if (++d[axis] < domain[axis]) break;
      d[axis] = 0;
    }
  }
}

// NaN stays; so it counts as the largest.
bool replaces_maximum(double candidate, double best) {
  return !std::isnan(best) && (std::isnan(candidate) || candidate > best);
}

ReferenceTensor slice(const ReferenceTensor& sequence, std::size_t time) {
  ReferenceTensor out{{sequence.extents.begin() + 1, sequence.extents.end()}, {}};
  std::size_t count = static_cast<std::size_t>(element_count(out.extents));
  auto begin = sequence.values.begin() + static_cast<std::ptrdiff_t>(time * count);
  out.values.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  return out;
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, std::uint64_t seed) : graph_(graph), seed_(seed) {
    values_.reserve(graph.nodes.size());
  }

  // `leaf` gives the value of each input, parameter and state.
  template <typename Leaf>
  void run(Leaf leaf) {
    for (const Node& node : graph_.nodes) {
      node_ = &node;
      bool is_leaf = std::holds_alternative<Input>(node.op) || std::holds_alternative<Parameter>(node.op) ||
                     std::holds_alternative<State>(node.op);
      if (is_leaf) {
        values_.push_back(leaf(node));
      } else {
        values_.push_back(compute(node));
      }
    }
  }

  std::vector<ReferenceTensor>& values() { return values_; }
  const ReferenceTensor& value(ValueId id) const { return values_[index(id)]; }

 private:
  const ReferenceTensor& operand(std::size_t i) const { return value(node_->operands[i]); }

  ReferenceTensor compute(const Node& node) {
    ReferenceTensor out{node.type.extents, {}};
    out.values.assign(static_cast<std::size_t>(element_count(node.type.extents)), 0);
    std::visit(
        overloaded{
            [](const Input&) {},
            [](const Parameter&) {},
            [](const State&) {},
            [&](const Constant& op) { constant(op, out); },
            [&](const Iota& op) { iota(op, out); },
            [&](const Map& op) { map(op, out); },
            [&](const Contract& op) { contract(op, out); },
            [&](const Reduce& op) { reduce(op, out); },
            [&](const Reshape&) { out.values = operand(0).values; },
            [&](const Remap& op) { remap(op, out); },
            [&](const Concat& op) { concat(op, out); },
            [&](const Gather&) { gather(out); },
            [&](const ScatterAdd&) { scatter_add(out); },
            [&](const Random& op) { random(op, out); },
            [&](const Scan& op) { out = scan(op); },
            [&](const ScanResult& op) { out = scan_results_.at(index(node_->operands[0])).at(op.number); },
        },
        node.op);
    return out;
  }

  static void constant(const Constant& op, ReferenceTensor& out) {
    for (std::size_t i = 0; i < out.values.size(); ++i)
      out.values[i] = op.values.size() == 1 ? op.values[0] : op.values[i];
  }

  static void iota(const Iota& op, ReferenceTensor& out) {
    std::size_t i = 0;
    for_each_point(out.extents, [&](auto d) { out.values[i++] = static_cast<double>(d[op.axis]); });
  }

  void map(const Map& op, ReferenceTensor& out) const {
    std::vector<double> operands(op.operands.size()), scratch;
    std::size_t i = 0;
    for_each_point(out.extents, [&](auto d) {
      for (std::size_t k = 0; k < operands.size(); ++k) operands[k] = read(operand(k), op.operands[k], d);
      out.values[i++] = evaluate(op.expr, operands, scratch);
    });
  }

  void contract(const Contract& op, ReferenceTensor& out) const {
    for_each_point(op.domain, [&](auto d) {
      std::optional<std::size_t> place = locate(op.result, out.extents, d);
      if (place) out.values[*place] += read(operand(0), op.a, d) * read(operand(1), op.b, d);
    });
  }

  void reduce(const Reduce& op, ReferenceTensor& out) const {
    if (op.kind == ReduceKind::kSum) {
      for_each_point(op.domain, [&](auto d) {
        std::optional<std::size_t> place = locate(op.result, out.extents, d);
        if (place) out.values[*place] += read(operand(0), op.operand, d);
      });
      return;
    }
    std::vector<double> best(out.values.size(), -std::numeric_limits<double>::infinity());
    std::vector<std::int64_t> position(out.values.size(), 0), seen(out.values.size(), 0);
    for_each_point(op.domain, [&](auto d) {
      std::optional<std::size_t> place = locate(op.result, out.extents, d);
      if (!place) return;
      const std::int64_t number = seen[*place]++;
      std::optional<std::size_t> from = locate(op.operand, operand(0).extents, d);
      if (!from || !replaces_maximum(operand(0).values[*from], best[*place])) return;
      best[*place] = operand(0).values[*from];
      position[*place] = number;
    });
    for (std::size_t i = 0; i < best.size(); ++i) {
      if (op.kind == ReduceKind::kArgmax) out.values[i] = static_cast<double>(position[i]);
      if (op.kind == ReduceKind::kMax) out.values[i] = best[i];
    }
  }

  void remap(const Remap& op, ReferenceTensor& out) const {
    std::size_t i = 0;
    for_each_point(out.extents, [&](auto d) { out.values[i++] = read(operand(0), op.operand, d); });
  }

  void concat(const Concat& op, ReferenceTensor& out) const {
    std::int64_t start = 0;
    for (std::size_t k = 0; k < node_->operands.size(); ++k) {
      IndexMap place = identity_map(out.extents.size());
      place[op.axis].offset = start;
      const ReferenceTensor& part = operand(k);
      std::size_t i = 0;
      for_each_point(part.extents,
                     [&](auto d) { out.values[*locate(place, out.extents, d)] = part.values[i++]; });
      start += part.extents[op.axis];
    }
  }

  void gather(ReferenceTensor& out) const {
    const ReferenceTensor &table = operand(0), &indices = operand(1);
    std::size_t width = table.values.size() / static_cast<std::size_t>(table.extents[0]);
    for (std::size_t i = 0; i < indices.values.size(); ++i) {
      double row = indices.values[i];
      if (row < 0 || row >= static_cast<double>(table.extents[0])) continue;
      for (std::size_t j = 0; j < width; ++j) {
        out.values[i * width + j] = table.values[static_cast<std::size_t>(row) * width + j];
      }
    }
  }

  void scatter_add(ReferenceTensor& out) const {
    const ReferenceTensor &indices = operand(0), &updates = operand(1);
    std::size_t width = out.values.size() / static_cast<std::size_t>(out.extents[0]);
    for (std::size_t i = 0; i < indices.values.size(); ++i) {
      double row = indices.values[i];
      if (row < 0 || row >= static_cast<double>(out.extents[0])) continue;
      for (std::size_t j = 0; j < width; ++j) {
        out.values[static_cast<std::size_t>(row) * width + j] += updates.values[i * width + j];
      }
    }
  }

  void random(const Random& op, ReferenceTensor& out) const {
    auto step = static_cast<std::uint32_t>(static_cast<std::int64_t>(operand(0).values[0]));
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      out.values[i] = runtime::to_unit(runtime::random_bits(seed_, op.stream, step, i));
    }
  }

  // Runs the body once a step; the results wait in scan_results_ for the nodes that take them.
  ReferenceTensor scan(const Scan& op) {
    std::vector<ReferenceTensor> arguments;
    for (std::size_t i = 0; i < node_->operands.size(); ++i) arguments.push_back(operand(i));
    std::vector<ReferenceTensor> results = empty_results(op);
    for (std::int64_t step = 0; step < op.steps; ++step) {
      auto time = static_cast<std::size_t>(op.reverse ? op.steps - 1 - step : step);
      for (std::size_t i = op.carries; i < op.carries + op.sequences; ++i)
        arguments[i] = slice(operand(i), time);
      std::vector<ReferenceTensor> next = run_body(*op.body, arguments);
      for (std::size_t i = op.carries; i < next.size(); ++i) {
        std::copy(next[i].values.begin(), next[i].values.end(),
                  results[i].values.begin() + static_cast<std::ptrdiff_t>(time * next[i].values.size()));
      }
      for (std::size_t i = 0; i < op.carries; ++i) arguments[i] = std::move(next[i]);
    }
    for (std::size_t i = 0; i < op.carries; ++i) results[i] = std::move(arguments[i]);
    ReferenceTensor first = results[0];
    scan_results_[values_.size()] = std::move(results);
    return first;
  }

  static std::vector<ReferenceTensor> empty_results(const Scan& op) {
    std::vector<ReferenceTensor> results;
    for (std::size_t i = 0; i < op.body->outputs.size(); ++i) {
      Extents extents = op.body->type(op.body->outputs[i].value).extents;
      if (i >= op.carries) extents.insert(extents.begin(), op.steps);
      auto count = static_cast<std::size_t>(element_count(extents));
      results.push_back({std::move(extents), std::vector<double>(count, 0)});
    }
    return results;
  }

  std::vector<ReferenceTensor> run_body(const Graph& body,
                                        const std::vector<ReferenceTensor>& arguments) const {
    Interpreter inner(body, seed_);
    std::size_t next_input = 0;
    inner.run([&](const Node&) { return arguments[next_input++]; });
    std::vector<ReferenceTensor> results;
    for (const Output& output : body.outputs) results.push_back(inner.value(output.value));
    return results;
  }

  const Graph& graph_;
  std::uint64_t seed_;
  const Node* node_ = nullptr;
  std::vector<ReferenceTensor> values_;
  std::map<std::size_t, std::vector<ReferenceTensor>> scan_results_;
};

}  // namespace

ReferenceRun run_reference(const Graph& graph, const ReferenceLeaves& leaves, std::uint64_t seed) {
  Interpreter interpreter(graph, seed);
  interpreter.run([&](const Node& node) {
    auto leaf = leaves.find(node.name);
    NETC_CHECK(leaf != leaves.end() && leaf->second.extents == node.type.extents,
               fmt::format("the reference needs a value for the leaf `{}`", node.name));
    return leaf->second;
  });
  ReferenceRun run;
  for (const Output& output : graph.outputs) run.outputs[output.name] = interpreter.value(output.value);
  for (const Update& update : graph.updates)
    run.next[graph[update.leaf].name] = interpreter.value(update.next);
  run.values = std::move(interpreter.values());
  return run;
}

}  // namespace netc::training

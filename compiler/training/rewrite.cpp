#include "compiler/training/rewrite.h"

#include <algorithm>
#include <unordered_map>

#include "compiler/graph/build.h"
#include "compiler/graph/index_map.h"

namespace netc::training {

namespace {

using namespace graph;

bool is_leaf(const Op& op) {
  return std::holds_alternative<Input>(op) || std::holds_alternative<Parameter>(op) ||
         std::holds_alternative<State>(op);
}

// The graph with some of its nodes only; who read another reads its stand-in.
Graph keep(Graph graph, const std::vector<bool>& is_kept, const std::vector<ValueId>& stand_in) {
  std::vector<ValueId> place(graph.nodes.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!is_kept[i]) {
      place[i] = place[index(stand_in[i])];
      continue;
    }
    place[i] = static_cast<ValueId>(count);
    for (ValueId& operand : graph.nodes[i].operands) operand = place[index(operand)];
    if (count != i) graph.nodes[count] = std::move(graph.nodes[i]);
    ++count;
  }
  graph.nodes.resize(count);
  for (Output& output : graph.outputs) output.value = place[index(output.value)];
  for (Update& update : graph.updates) update = {place[index(update.leaf)], place[index(update.next)]};
  return graph;
}

std::vector<bool> live_values(const Graph& graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  for (const Output& output : graph.outputs) live[index(output.value)] = true;
  for (const Update& update : graph.updates) live[index(update.next)] = true;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (is_leaf(graph.nodes[i].op)) live[i] = true;
    if (!live[i]) continue;
    for (ValueId operand : graph.nodes[i].operands) live[index(operand)] = true;
  }
  return live;
}

}  // namespace

Graph drop_dead(Graph graph) {
  std::vector<bool> live = live_values(graph);
  return keep(std::move(graph), live, std::vector<ValueId>(live.size()));
}

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 29);
}

// Equal nodes have equal hashes; the rest is up to the comparison.
std::uint64_t hash_of(const Node& node) {
  std::uint64_t hash = node.op.index();
  for (ValueId operand : node.operands) hash = mix(hash, index(operand));
  for (std::int64_t extent : node.type.extents) hash = mix(hash, static_cast<std::uint64_t>(extent));
  if (const auto* map = std::get_if<Map>(&node.op))
    hash = mix(mix(hash, map->expr.pool.size()), map->expr.root);
  return hash;
}

bool is_mergeable(const Op& op) {
  return !is_leaf(op) && !std::holds_alternative<Random>(op) && !std::holds_alternative<Scan>(op);
}

}  // namespace

Graph merge_equal(Graph graph) {
  std::size_t count = graph.nodes.size();
  std::vector<ValueId> first(count);
  std::vector<bool> is_kept(count, true);
  std::unordered_multimap<std::uint64_t, std::size_t> known;
  known.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Node& node = graph.nodes[i];
    first[i] = static_cast<ValueId>(i);
    for (ValueId& operand : node.operands) operand = first[index(operand)];
    if (!is_mergeable(node.op)) continue;
    std::uint64_t hash = hash_of(node);
    auto [begin, end] = known.equal_range(hash);
    auto twin = std::find_if(begin, end, [&](const auto& entry) {
      const Node& other = graph.nodes[entry.second];
      return other.operands == node.operands && other.type == node.type && other.op == node.op;
    });
    if (twin == end) {
      known.emplace(hash, i);
    } else {
      first[i] = static_cast<ValueId>(twin->second);
      is_kept[i] = false;
    }
  }
  return keep(std::move(graph), is_kept, first);
}

namespace {

// Expressions do not grow beyond this by inlining.
constexpr std::size_t kLargestExpression = 256;

bool is_dear(ScalarOp op) {
  switch (op) {
    case ScalarOp::kDivide:
    case ScalarOp::kPower:
    case ScalarOp::kSqrt:
    case ScalarOp::kExp:
    case ScalarOp::kExpm1:
    case ScalarOp::kLog:
    case ScalarOp::kLog1p:
    case ScalarOp::kSin:
    case ScalarOp::kCos:
    case ScalarOp::kTanh:
    case ScalarOp::kSigmoid:
    case ScalarOp::kSoftplus:
    case ScalarOp::kErf: return true;
    case ScalarOp::kConstant:
    case ScalarOp::kOperand:
    case ScalarOp::kAdd:
    case ScalarOp::kSubtract:
    case ScalarOp::kMultiply:
    case ScalarOp::kMin:
    case ScalarOp::kMax:
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual:
    case ScalarOp::kNegate:
    case ScalarOp::kAbs:
    case ScalarOp::kSign:
    case ScalarOp::kFloor:
    case ScalarOp::kConvert:
    case ScalarOp::kStopGradient:
    case ScalarOp::kSelect: return false;
  }
  return false;
}

int dear_operations(const ScalarExpr& expr) {
  auto nodes = expr.pool.nodes();
  return static_cast<int>(
      std::count_if(nodes.begin(), nodes.end(), [](const ScalarNode& node) { return is_dear(node.op); }));
}

// A map that takes the place of another and of some of its operands.
struct MergedMap {
  Map map;
  std::vector<ValueId> operands;

  // A value read at a map, as an operand.
  ScalarId read(ValueId value, IndexMap at) {
    std::size_t place = 0;
    while (place < operands.size() && !(operands[place] == value && map.operands[place] == at)) ++place;
    if (place == operands.size()) {
      operands.push_back(value);
      map.operands.push_back(std::move(at));
    }
    return map.expr.pool.operand(static_cast<std::uint32_t>(place));
  }

  // What a map or a constant has at a place.
  ScalarId absorb(const Node& inner, const IndexMap& at) {
    if (const auto* constant = std::get_if<Constant>(&inner.op))
      return map.expr.pool.constant(constant->values[0]);
    const Map& inner_map = std::get<Map>(inner.op);
    std::vector<ScalarId> arguments;
    for (std::size_t i = 0; i < inner.operands.size(); ++i) {
      arguments.push_back(read(inner.operands[i], compose(inner_map.operands[i], at)));
    }
    return inline_into(map.expr.pool, inner_map.expr, arguments);
  }
};

class MapInliner {
 public:
  explicit MapInliner(Graph& graph)
      : graph_(graph),
        uses_(graph.nodes.size(), 0),
        map_uses_(graph.nodes.size(), 0),
        dear_(graph.nodes.size(), 0) {
    for (const Node& node : graph.nodes) {
      for (ValueId operand : node.operands) ++uses_[index(operand)];
      if (!std::holds_alternative<Map>(node.op)) continue;
      for (ValueId operand : node.operands) ++map_uses_[index(operand)];
    }
    for (const Output& output : graph.outputs) ++uses_[index(output.value)];
    for (const Update& update : graph.updates) ++uses_[index(update.next)];
  }

  void run() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      Node& node = graph_.nodes[i];
      auto* map = std::get_if<Map>(&node.op);
      if (!map) continue;
      while (absorb_operands(node, *map)) {
        map->expr = simplify(map->expr);
        tidy(*map, node.operands);
      }
      dear_[i] = dear_operations(map->expr);
    }
  }

 private:
  // Whether operand i of a map is to be written into it.
  bool is_absorbed(const Node& node, const Map& map, std::size_t i) const {
    ValueId source = node.operands[i];
    const Node& inner = graph_[source];
    if (!stays_inside(map.operands[i], node.type.extents, inner.type.extents)) return false;
    if (const auto* constant = std::get_if<Constant>(&inner.op)) {
      return constant->values.size() == 1 && inner.type.dtype == DType::kF32;
    }
    const auto* inner_map = std::get_if<Map>(&inner.op);
    if (!inner_map || !is_separable(map.operands[i])) return false;
    if (map.expr.pool.size() + inner_map->expr.pool.size() > kLargestExpression) return false;
    // What is read many times over is not computed many times over.
    bool is_spread = element_count(node.type.extents) > element_count(inner.type.extents);
    if (is_spread && dear_[index(source)] > 0) return false;
    if (uses_[index(source)] == 1) return true;
    if (is_cheap_to_copy(source)) return true;
    return is_below_logarithm(map.expr, static_cast<std::uint32_t>(i)) &&
           is_mended_below_logarithm(inner, *inner_map);
  }

  // Maps alone read it, so it vanishes; and they do hardly more than if they read it.
  bool is_cheap_to_copy(ValueId source) const {
    if (uses_[index(source)] != map_uses_[index(source)] || dear_[index(source)] > 0) return false;
    const Node& inner = graph_[source];
    std::int64_t size = element_count(inner.type.extents);
    auto is_full_size = [&](ValueId operand) { return element_count(graph_.type(operand).extents) >= size; };
    return std::count_if(inner.operands.begin(), inner.operands.end(), is_full_size) <= 1;
  }

  // The shapes of log(p) and log(1 - p) that `simplify` looks for.
  static bool is_below_logarithm(const ScalarExpr& expr, std::uint32_t operand) {
    const ScalarPool& pool = expr.pool;
    auto is_it = [&](ScalarId id) {
      return pool[id].op == ScalarOp::kOperand && pool[id].operand == operand;
    };
    for (const ScalarNode& node : pool.nodes()) {
      if (node.op != ScalarOp::kLog && node.op != ScalarOp::kLog1p) continue;
      const ScalarNode& below = pool[node.args[0]];
      bool is_first = arity(below.op) > 0 && is_it(below.args[0]);
      bool is_second = below.op != ScalarOp::kDivide && arity(below.op) > 1 && is_it(below.args[1]);
      if (is_it(node.args[0]) || is_first || is_second) return true;
    }
    return false;
  }

  // A sigmoid, an exponential, or a quotient with an exponential above.
  bool is_mended_below_logarithm(const Node& node, const Map& map) const {
    const ScalarPool& pool = map.expr.pool;
    const ScalarNode& root = pool[map.expr.root];
    if (root.op != ScalarOp::kDivide) return root.op == ScalarOp::kSigmoid || root.op == ScalarOp::kExp;
    const ScalarNode& above = pool[root.args[0]];
    if (above.op != ScalarOp::kOperand) return above.op == ScalarOp::kExp;
    const auto* deeper = std::get_if<Map>(&graph_[node.operands[above.operand]].op);
    return deeper && deeper->expr.pool[deeper->expr.root].op == ScalarOp::kExp;
  }

  bool absorb_operands(Node& node, Map& map) const {
    std::vector<bool> is_absorbed_operand(node.operands.size());
    for (std::size_t i = 0; i < node.operands.size(); ++i) is_absorbed_operand[i] = is_absorbed(node, map, i);
    bool any =
        std::find(is_absorbed_operand.begin(), is_absorbed_operand.end(), true) != is_absorbed_operand.end();
    if (!any) return false;
    MergedMap merged;
    std::vector<ScalarId> arguments;
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      arguments.push_back(is_absorbed_operand[i] ? merged.absorb(graph_[node.operands[i]], map.operands[i])
                                                 : merged.read(node.operands[i], map.operands[i]));
    }
    merged.map.expr.root = inline_into(merged.map.expr.pool, map.expr, arguments);
    map = std::move(merged.map);
    node.operands = std::move(merged.operands);
    return true;
  }

  Graph& graph_;
  // Of each value: how often anything reads it, how often maps do, and what its map costs.
  std::vector<int> uses_, map_uses_, dear_;
};

}  // namespace

Graph inline_maps(Graph graph) {
  MapInliner(graph).run();
  return drop_dead(std::move(graph));
}

}  // namespace netc::training

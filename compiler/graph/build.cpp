#include "compiler/graph/build.h"

#include <algorithm>
#include <numeric>

#include "compiler/graph/index_map.h"
#include "compiler/support/check.h"

namespace netc::graph {

void tidy(Map& map, std::vector<ValueId>& operands) {
  std::vector<bool> used(operands.size(), false);
  std::vector<bool> live = live_nodes(map.expr);
  for (ScalarId id = 0; id <= map.expr.root; ++id) {
    const ScalarNode& node = map.expr.pool[id];
    if (live[id] && node.op == ScalarOp::kOperand) used[node.operand] = true;
  }
  std::vector<ValueId> kept;
  std::vector<IndexMap> kept_maps;
  std::vector<std::uint32_t> numbers(operands.size(), 0);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!used[i]) continue;
    std::size_t place = 0;
    while (place < kept.size() && !(kept[place] == operands[i] && kept_maps[place] == map.operands[i]))
      ++place;
    numbers[i] = static_cast<std::uint32_t>(place);
    if (place < kept.size()) continue;
    kept.push_back(operands[i]);
    kept_maps.push_back(std::move(map.operands[i]));
  }
  bool has_dead =
      map.expr.pool.size() > live.size() || std::find(live.begin(), live.end(), false) != live.end();
  if (has_dead || kept.size() < operands.size()) map.expr = renumber(map.expr, numbers);
  map.operands = std::move(kept_maps);
  operands = std::move(kept);
}

ValueId Builder::add(Op op, std::vector<ValueId> operands, TensorType type, std::string name) {
  return graph_.add({.op = std::move(op),
                     .operands = std::move(operands),
                     .type = std::move(type),
                     .name = std::move(name),
                     .span = span_});
}

ValueId Builder::input(std::string name, TensorType type) {
  return add(Input{}, {}, std::move(type), std::move(name));
}

ValueId Builder::parameter(std::string name, Extents extents, Initializer initializer) {
  return add(Parameter{initializer, trained_}, {}, {DType::kF32, std::move(extents)}, std::move(name));
}

ValueId Builder::state(std::string name, Extents extents, double initial) {
  return add(State{initial}, {}, {DType::kF32, std::move(extents)}, std::move(name));
}

ValueId Builder::constant(double value) { return add(Constant{{value}}, {}, {DType::kF32, {}}); }

ValueId Builder::iota(Extents extents, std::uint32_t axis) {
  return add(Iota{axis}, {}, {DType::kI32, std::move(extents)});
}

ValueId Builder::map(ScalarExpr expr, Extents extents, std::vector<ValueId> operands,
                     std::vector<IndexMap> maps) {
  Map map{std::move(expr), std::move(maps)};
  tidy(map, operands);
  return add(std::move(map), std::move(operands), {DType::kF32, std::move(extents)});
}

ValueId Builder::map(ScalarExpr expr, std::vector<ValueId> operands) {
  Extents extents;
  for (ValueId operand : operands) {
    if (!type(operand).extents.empty()) extents = type(operand).extents;
  }
  std::vector<IndexMap> maps;
  for (ValueId operand : operands) maps.push_back(identity_map(type(operand).extents.size()));
  return map(std::move(expr), std::move(extents), std::move(operands), std::move(maps));
}

ValueId Builder::binary(ScalarOp op, ValueId a, ValueId b) {
  ScalarExpr expr;
  ScalarId left = expr.pool.operand(0), right = expr.pool.operand(1);
  expr.root = expr.pool.binary(op, left, right);
  return map(std::move(expr), {a, b});
}

ValueId Builder::contract(ValueId a, ValueId b, Contract contract, Extents result) {
  return add(std::move(contract), {a, b}, {DType::kF32, std::move(result)});
}

ValueId Builder::matmul(ValueId a, ValueId b) {
  const Extents &left = type(a).extents, &right = type(b).extents;
  NETC_CHECK(left.size() == 2 && right.size() == 2 && left[1] == right[0],
             "matmul of matrices that do not fit");
  // (m, n, k)
  Contract contract{.domain = {left[0], right[1], left[1]},
                    .a = axes_map(std::array<std::uint32_t, 2>{0, 2}),
                    .b = axes_map(std::array<std::uint32_t, 2>{2, 1}),
                    .result = axes_map(std::array<std::uint32_t, 2>{0, 1})};
  Extents result{left[0], right[1]};
  return this->contract(a, b, std::move(contract), std::move(result));
}

ValueId Builder::reduce(ReduceKind kind, ValueId operand, Extents domain, IndexMap operand_map,
                        IndexMap result_map, Extents result) {
  DType dtype = kind == ReduceKind::kArgmax ? DType::kI32 : DType::kF32;
  Reduce reduce{kind, std::move(domain), std::move(operand_map), std::move(result_map)};
  return add(std::move(reduce), {operand}, {dtype, std::move(result)});
}

ValueId Builder::reduce_axes(ReduceKind kind, ValueId operand, std::span<const std::uint32_t> axes) {
  Extents domain = type(operand).extents, result;
  std::vector<std::uint32_t> kept;
  for (std::uint32_t axis = 0; axis < domain.size(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) != axes.end()) continue;
    kept.push_back(axis);
    result.push_back(domain[axis]);
  }
  IndexMap identity = identity_map(domain.size());
  return reduce(kind, operand, std::move(domain), std::move(identity), axes_map(kept), std::move(result));
}

ValueId Builder::reshape(ValueId operand, Extents extents) {
  return add(Reshape{}, {operand}, {type(operand).dtype, std::move(extents)});
}

ValueId Builder::remap(ValueId operand, IndexMap map, Extents result) {
  return add(Remap{std::move(map)}, {operand}, {type(operand).dtype, std::move(result)});
}

ValueId Builder::concat(std::vector<ValueId> operands, std::uint32_t axis) {
  TensorType result = type(operands.at(0));
  result.extents.at(axis) = 0;
  for (ValueId operand : operands) result.extents[axis] += type(operand).extents.at(axis);
  return add(Concat{axis}, std::move(operands), std::move(result));
}

ValueId Builder::gather(ValueId table, ValueId indices) {
  TensorType result{type(table).dtype, type(indices).extents};
  const Extents& rows = type(table).extents;
  result.extents.insert(result.extents.end(), rows.begin() + 1, rows.end());
  return add(Gather{}, {table, indices}, std::move(result));
}

ValueId Builder::scatter_add(ValueId indices, ValueId updates, std::int64_t rows) {
  TensorType result{DType::kF32, {rows}};
  const Extents& from = type(updates).extents;
  result.extents.insert(result.extents.end(), from.begin() + type(indices).extents.size(), from.end());
  return add(ScatterAdd{}, {indices, updates}, std::move(result));
}

ValueId Builder::random(std::uint64_t stream, Extents extents, ValueId step) {
  return add(Random{stream}, {step}, {DType::kF32, std::move(extents)});
}

std::vector<ValueId> Builder::scan(Scan scan, std::vector<ValueId> operands) {
  std::vector<TensorType> types;
  for (std::size_t i = 0; i < scan.body->outputs.size(); ++i) {
    types.push_back(scan.body->type(scan.body->outputs[i].value));
    if (i >= scan.carries) types.back().extents.insert(types.back().extents.begin(), scan.steps);
  }
  NETC_CHECK(!types.empty(), "a scan without results");
  ValueId node = add(std::move(scan), std::move(operands), types[0]);
  std::vector<ValueId> results;
  for (std::size_t i = 0; i < types.size(); ++i) {
    results.push_back(add(ScanResult{static_cast<std::uint32_t>(i)}, {node}, std::move(types[i])));
  }
  return results;
}

}  // namespace netc::graph

#include "compiler/kernel/body_builder.h"

#include <algorithm>
#include <array>

#include "compiler/graph/index_map.h"
#include "compiler/kernel/window.h"
#include "compiler/support/check.h"

namespace netc::kernel {

using graph::Node;
using graph::ScalarOp;
using graph::ValueId;

namespace {

class BodyBuilder {
 public:
  explicit BodyBuilder(const BodyRequest& request) : request_(request), facts_(request.facts) {}

  Body run() {
    const bool accumulates =
        request_.group.kind == Group::Kind::kContract || request_.group.kind == Group::Kind::kColumns;
    for (ValueId id : request_.group.nodes) {
      if (facts_.is_inlined(id)) continue;
      if (accumulates && id == request_.group.nodes[0]) {
        if (request_.group.kind == Group::Kind::kColumns)
          add_operand(outside_element(facts_.node(id).operands[0]));
        scalars_[id] = operand({Operand::Kind::kAccumulator});
      } else {
        lower(id);
      }
      store_results(id);
    }
    return std::move(body_);
  }

 private:
  std::uint32_t add_operand(const Operand& operand) {
    auto found = std::find(body_.operands.begin(), body_.operands.end(), operand);
    if (found == body_.operands.end()) found = body_.operands.insert(found, operand);
    return static_cast<std::uint32_t>(found - body_.operands.begin());
  }
  ScalarId operand(const Operand& operand) { return body_.pool.operand(add_operand(operand)); }

  void lower(ValueId id) {
    const Node& node = facts_.node(id);
    if (std::holds_alternative<graph::Map>(node.op)) {
      scalars_[id] = lower_map(id);
    } else if (const auto* remap = std::get_if<graph::Remap>(&node.op)) {
      scalars_[id] = read_at(node.operands[0], remap->operand, here(node.type.extents));
    } else if (const auto* concat = std::get_if<graph::Concat>(&node.op)) {
      scalars_[id] = lower_concat(node, *concat);
    } else if (const auto* contract = std::get_if<graph::Contract>(&node.op)) {
      lower_contract(id, *contract);
    } else {
      lower_reduce(id, std::get<graph::Reduce>(node.op));
    }
  }

  // A value laid out as the kernel's elements are.
  BufferId buffer_here(ValueId root) {
    if (facts_.rank(root) == 2 && request_.minor_axis == 0) return request_.buffers.of(root, 0);
    return facts_.rank(root) < 2 ? request_.buffers.of(root)
                                 : request_.buffers.of(root, facts_.last_axis(root));
  }

  Operand outside_element(ValueId id) { return {Operand::Kind::kElement, buffer_here(facts_.root(id))}; }

  // A result that lies along the rows, beside matrices.
  bool along_rows(const Node& node) const {
    return request_.group.kind == Group::Kind::kRows && is_row_vector(node.type.extents, request_.group);
  }

  ScalarId lower_map(ValueId id) {
    const Node& node = facts_.node(id);
    std::vector<ScalarId> operands;
    for (std::size_t i = 0; i < node.operands.size(); ++i) operands.push_back(lower_read(id, i));
    return graph::inline_into(body_.pool, std::get<graph::Map>(node.op).expr, operands);
  }

  ScalarId lower_read(ValueId reader_id, std::size_t number) {
    const Node& reader = facts_.node(reader_id);
    const ValueId id = reader.operands[number], root = facts_.root(id);
    if (std::optional<ScalarId> value = lower_number(root)) return *value;
    const graph::IndexMap& map = std::get<graph::Map>(reader.op).operands[number];
    Reading reading = facts_.reading(reader_id, number);
    if (auto inside = scalars_.find(root); inside != scalars_.end()) return inside->second;
    // Rows and columns of a matrix whose elements are rows themselves.
    if (along_rows(reader) && reader.type.extents.size() > 1 &&
        (reading == Reading::kRow || reading == Reading::kColumn))
      reading = Reading::kAt;
    // Samples lie by rows: elsewhere they are read one by one.
    const bool samples = std::holds_alternative<graph::Input>(facts_.node(root).op) &&
                         reading == Reading::kElement && request_.group.split > 1;
    if (samples || reading == Reading::kAt) return read_at(id, map, here(reader.type.extents));
    if (std::holds_alternative<graph::Iota>(facts_.node(root).op))
      return operand({index_kind(reader, reading)});
    const bool matrix = reading == Reading::kElement && facts_.rank(root) >= 2;
    return operand({buffer_kind(reader, reading), matrix ? buffer_here(root) : request_.buffers.of(root)});
  }

  std::optional<ScalarId> lower_number(ValueId root) {
    if (facts_.is_uniform(root)) return lower_uniform(root);
    const auto* constant = std::get_if<graph::Constant>(&facts_.node(root).op);
    if (!constant) return std::nullopt;
    NETC_CHECK(constant->values.size() == 1, "a constant tensor has one value");
    return body_.pool.constant(constant->values[0]);
  }

  // The elements themselves as points.
  static Points here(const graph::Extents& extents) {
    return points_of(extents, graph::identity_map(extents.size()), extents);
  }

  // A value at `index` of the points; 0 outside of it.
  ScalarId read_at(ValueId id, const IndexMap& index, const Points& points) {
    const ValueId root = facts_.root(id);
    if (std::optional<ScalarId> value = lower_number(root)) return *value;
    if (const auto* iota = std::get_if<graph::Iota>(&facts_.node(root).op)) {
      Operand number{Operand::Kind::kIndex};
      number.index = {index[iota->axis]};
      return operand(number);
    }
    Operand element{Operand::Kind::kAt, request_.buffers.of(root)};
    element.index = index;
    element.extents = facts_.extents(id);
    element.inside = points.leaving(index, element.extents);
    return operand(element);
  }

  // The first operand that the place lies in.
  ScalarId lower_concat(const Node& node, const graph::Concat& concat) {
    const Points points = here(node.type.extents);
    IndexMap index = graph::identity_map(node.type.extents.size());
    Operand place{Operand::Kind::kIndex};
    place.index = {index[concat.axis]};
    std::vector<ScalarId> parts;
    std::vector<std::int64_t> ends;
    std::int64_t begin = 0;
    for (ValueId part : node.operands) {
      index[concat.axis].offset = -begin;
      parts.push_back(read_at(part, index, points));
      ends.push_back(begin += facts_.extents(part)[concat.axis]);
    }
    ScalarId value = parts.back();
    for (std::size_t i = parts.size() - 1; i-- > 0;) {
      const ScalarId before = body_.pool.binary(ScalarOp::kLess, operand(place),
                                                body_.pool.constant(static_cast<double>(ends[i])));
      value = body_.pool.add(ScalarOp::kSelect, std::array{before, parts[i], value});
    }
    return value;
  }

  Operand::Kind index_kind(const Node& reader, Reading reading) const {
    bool rows = reading == Reading::kRow || (reading == Reading::kElement && along_rows(reader));
    return rows == (request_.minor_axis == 1) ? Operand::Kind::kRowIndex : Operand::Kind::kColumnIndex;
  }

  // Which way a buffer is read, in the kernel's axes.
  Operand::Kind buffer_kind(const Node& reader, Reading reading) const {
    const bool straight = request_.minor_axis == 1;
    switch (reading) {
      case Reading::kScalar: return Operand::Kind::kScalar;
      case Reading::kRow: return straight ? Operand::Kind::kRow : Operand::Kind::kColumn;
      case Reading::kColumn: return straight ? Operand::Kind::kColumn : Operand::Kind::kRow;
      case Reading::kElement:
        if (along_rows(reader)) return Operand::Kind::kRow;
        return reader.type.extents.size() > 1 ? Operand::Kind::kElement : Operand::Kind::kColumn;
      case Reading::kAt: break;
    }
    NETC_CHECK(false, "unknown reading");
    return {};
  }

  // A value known before the step: an expression of the step's numbers.
  ScalarId lower_uniform(ValueId id) {
    const Node& node = facts_.node(id);
    if (const auto* constant = std::get_if<graph::Constant>(&node.op))
      return body_.pool.constant(constant->values[0]);
    if (const auto* map = std::get_if<graph::Map>(&node.op)) {
      std::vector<ScalarId> operands;
      for (ValueId operand : node.operands) operands.push_back(lower_uniform(operand));
      return graph::inline_into(body_.pool, map->expr, operands);
    }
    const auto* number = std::ranges::find(kStepNumberNames, node.name);
    NETC_CHECK(number != kStepNumberNames.end(), "an input of rank 0 is a number of the step");
    return operand(
        {Operand::Kind::kStepNumber, {}, static_cast<std::uint32_t>(number - kStepNumberNames.begin())});
  }

  // A window over the products.
  void lower_contract(ValueId id, const graph::Contract& contract) {
    const Node& node = facts_.node(id);
    Points points = points_of(contract.domain, contract.result, node.type.extents);
    std::array<ScalarId, 2> factors{};
    const std::array maps{&contract.a, &contract.b};
    for (std::size_t i = 0; i < 2; ++i) {
      const IndexMap at = points.at(*maps[i]);
      points.require_inside(at, facts_.extents(node.operands[i]));
      factors[i] = read_at(node.operands[i], at, points);
    }
    add_window(id, Statement::Kind::kSum, body_.pool.binary(ScalarOp::kMultiply, factors[0], factors[1]),
               points);
  }

  void lower_reduce(ValueId id, const graph::Reduce& reduce) {
    const ValueId operand_id = facts_.node(id).operands[0], source = facts_.root(operand_id);
    const auto kind = reduce.kind == graph::ReduceKind::kSum   ? Statement::Kind::kSum
                      : reduce.kind == graph::ReduceKind::kMax ? Statement::Kind::kMax
                                                               : Statement::Kind::kArgmax;
    if (facts_.reducing(id) == Reducing::kWindow) {
      Points points = points_of(reduce.domain, reduce.result, facts_.extents(id));
      const IndexMap at = points.at(reduce.operand);
      points.require_inside(at, facts_.extents(operand_id));
      const ScalarId root = facts_.is_inlined(operand_id) ? lower_inlined(operand_id, at, points)
                                                          : read_at(operand_id, at, points);
      return add_window(id, kind, root, points);
    }
    auto inside = scalars_.find(source);
    Statement statement;
    statement.kind = kind;
    statement.extent = Statement::Extent::kRow;
    statement.root = inside != scalars_.end() ? inside->second : operand(outside_element(source));
    add_statement(id, std::move(statement));
  }

  ScalarId lower_inlined(ValueId id, const IndexMap& at, const Points& points) {
    const Node& node = facts_.node(id);
    const auto& map = std::get<graph::Map>(node.op);
    std::vector<ScalarId> operands;
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      operands.push_back(read_at(node.operands[i], graph::compose(map.operands[i], at), points));
    return graph::inline_into(body_.pool, map.expr, operands);
  }

  void add_window(ValueId id, Statement::Kind kind, ScalarId root, Points& points) {
    Statement statement;
    statement.kind = kind;
    statement.extent = facts_.rank(id) > 1 ? Statement::Extent::kElement : Statement::Extent::kColumn;
    statement.root = root;
    statement.window = std::move(points.window);
    add_statement(id, std::move(statement));
  }

  void add_statement(ValueId id, Statement statement) {
    body_.statements.push_back(std::move(statement));
    scalars_[id] =
        operand({Operand::Kind::kStatement, {}, static_cast<std::uint32_t>(body_.statements.size() - 1)});
  }

  Statement::Extent extent_of(const Node& node) const {
    if (along_rows(node)) return Statement::Extent::kRow;
    return node.type.extents.size() > 1 ? Statement::Extent::kElement : Statement::Extent::kColumn;
  }

  void store(ValueId id, BufferId buffer) {
    Statement statement;
    statement.extent = extent_of(facts_.node(id));
    statement.root = scalars_.at(id);
    statement.store = buffer;
    body_.statements.push_back(statement);
  }

  void store_results(ValueId id) {
    if (request_.wanted_outside.contains(id)) store(id, buffer_here(id));
    for (const graph::Update& update : facts_.graph().updates) {
      if (facts_.root(update.next) == id) store(id, request_.buffers.of(update.leaf));
    }
  }

  const BodyRequest& request_;
  const Facts& facts_;
  Body body_;
  std::map<ValueId, ScalarId> scalars_;
};

}  // namespace

Body build_body(const BodyRequest& request) { return BodyBuilder(request).run(); }

}  // namespace netc::kernel

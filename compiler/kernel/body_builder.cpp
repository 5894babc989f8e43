#include "compiler/kernel/body_builder.h"

#include <algorithm>

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
      if (accumulates && id == request_.group.nodes[0]) {
        if (request_.group.kind == Group::Kind::kColumns)
          add_operand(outside_element(facts_.node(id).operands[0]));
        scalars_[id] = operand({Operand::Kind::kAccumulator});
      } else if (const auto* map = std::get_if<graph::Map>(&facts_.node(id).op)) {
        scalars_[id] = lower_map(facts_.node(id), *map);
      } else {
        lower_reduce(id, std::get<graph::Reduce>(facts_.node(id).op));
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

  Operand outside_element(ValueId id) {
    ValueId root = facts_.root(id);
    const bool vector = facts_.rank(root) < 2;
    return {Operand::Kind::kElement,
            vector ? request_.buffers.of(root) : request_.buffers.of(root, request_.minor_axis)};
  }

  // A rank-1 result lies along the columns, but along the rows where it stands beside matrices.
  bool along_rows(const Node& node) const {
    return node.type.extents.size() == 1 && request_.group.kind == Group::Kind::kRows &&
           request_.group.rank >= 2;
  }

  ScalarId lower_map(const Node& node, const graph::Map& map) {
    std::vector<ScalarId> operands;
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      operands.push_back(lower_read(node, node.operands[i], map.operands[i]));
    return graph::inline_into(body_.pool, map.expr, operands);
  }

  ScalarId lower_read(const Node& reader, ValueId id, const graph::IndexMap& map) {
    ValueId root = facts_.root(id);
    if (facts_.is_uniform(root)) return lower_uniform(root);
    if (const auto* constant = std::get_if<graph::Constant>(&facts_.node(root).op)) {
      NETC_CHECK(constant->values.size() == 1, "a constant tensor has one value");
      return body_.pool.constant(constant->values[0]);
    }
    Reading reading = *facts_.reading(facts_.graph().type(id).extents, map, reader.type.extents);
    if (std::holds_alternative<graph::Iota>(facts_.node(root).op))
      return operand({index_kind(reader, reading)});
    if (auto inside = scalars_.find(root); inside != scalars_.end()) return inside->second;
    return operand({buffer_kind(reader, reading), reading == Reading::kElement && facts_.rank(root) >= 2
                                                      ? request_.buffers.of(root, request_.minor_axis)
                                                      : request_.buffers.of(root)});
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
        if (reader.type.extents.size() > 1) return Operand::Kind::kElement;
        return along_rows(reader) ? Operand::Kind::kRow : Operand::Kind::kColumn;
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
    static const std::map<std::string, StepNumber, std::less<>> numbers{
        {"step", StepNumber::kStep},
        {"epoch", StepNumber::kEpoch},
        {"total_steps", StepNumber::kTotalSteps},
        {"count", StepNumber::kCount}};
    auto number = numbers.find(node.name);
    NETC_CHECK(number != numbers.end(), "an input of rank 0 is a number of the step");
    return operand({Operand::Kind::kStepNumber, {}, static_cast<std::uint32_t>(number->second)});
  }

  void lower_reduce(ValueId id, const graph::Reduce& reduce) {
    ValueId source = facts_.root(facts_.node(id).operands[0]);
    auto inside = scalars_.find(source);
    Statement statement;
    statement.kind = reduce.kind == graph::ReduceKind::kSum   ? Statement::Kind::kSum
                     : reduce.kind == graph::ReduceKind::kMax ? Statement::Kind::kMax
                                                              : Statement::Kind::kArgmax;
    statement.extent = Statement::Extent::kRow;
    statement.root = inside != scalars_.end() ? inside->second : operand(outside_element(source));
    body_.statements.push_back(statement);
    scalars_[id] =
        operand({Operand::Kind::kStatement, {}, static_cast<std::uint32_t>(body_.statements.size() - 1)});
  }

  Statement::Extent extent_of(const Node& node) const {
    if (node.type.extents.size() > 1) return Statement::Extent::kElement;
    return along_rows(node) ? Statement::Extent::kRow : Statement::Extent::kColumn;
  }

  void store(ValueId id, BufferId buffer) {
    Statement statement;
    statement.extent = extent_of(facts_.node(id));
    statement.root = scalars_.at(id);
    statement.store = buffer;
    body_.statements.push_back(statement);
  }

  void store_results(ValueId id) {
    if (request_.wanted_outside.contains(id)) {
      store(id, facts_.rank(id) < 2 ? request_.buffers.of(id) : request_.buffers.of(id, request_.minor_axis));
    }
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

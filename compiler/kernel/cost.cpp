#include "compiler/kernel/cost.h"

#include <algorithm>
#include <set>

namespace netc::kernel {

namespace {

bool computes(graph::ScalarOp op) {
  return op != graph::ScalarOp::kConstant && op != graph::ScalarOp::kOperand &&
         op != graph::ScalarOp::kStopGradient;
}

// Operations that `root` depends on, each once.
std::int64_t operations(const ScalarPool& pool, ScalarId root) {
  std::set<ScalarId> seen;
  std::vector<ScalarId> open{root};
  std::int64_t count = 0;
  while (!open.empty()) {
    const graph::ScalarNode& node = pool[open.back()];
    const bool is_new = seen.insert(open.back()).second;
    open.pop_back();
    if (!is_new) continue;
    if (computes(node.op)) ++count;
    open.insert(open.end(), node.args.begin(), node.args.begin() + graph::arity(node.op));
  }
  return count;
}

std::int64_t statement_flops(const Kernel& kernel, const Statement& statement) {
  const std::int64_t each = operations(kernel.body.pool, statement.root);
  const std::int64_t points = statement.window ? graph::element_count(statement.window->extents) : 1;
  // A reduction takes one more for each element.
  if (statement.kind != Statement::Kind::kMap) return (each + 1) * points * kernel.rows * kernel.columns;
  switch (statement.extent) {
    case Statement::Extent::kElement: return each * kernel.rows * kernel.columns;
    case Statement::Extent::kRow: return each * kernel.rows;
    case Statement::Extent::kColumn: return each * kernel.columns;
  }
  return 0;
}

// Of a contraction, each column.
std::int64_t products(const Kernel& kernel, const ContractKernel& contract) {
  if (!contract.positions) return contract.k * kernel.rows;
  const Positions& positions = *contract.positions;
  std::int64_t sum = 0;
  for (std::size_t number = 0; number < positions.phases.size(); ++number) {
    std::int64_t rows = 1, rest = static_cast<std::int64_t>(number);
    for (std::size_t axis = positions.rows.size(); axis-- > 0;) {
      const Positions::RowAxis& row = positions.rows[axis];
      rows *= row.places(rest % row.step);
      rest /= row.step;
    }
    sum += rows * positions.phases[number].products();
  }
  return sum;
}

std::int64_t flops(const Kernel& kernel) {
  std::int64_t sum = 0;
  const std::int64_t elements = kernel.rows * kernel.columns;
  if (const auto* contract = std::get_if<ContractKernel>(&kernel.form))
    sum += 2 * products(kernel, *contract) * kernel.columns;
  if (std::holds_alternative<ColumnsKernel>(kernel.form)) sum += elements;
  for (const Statement& statement : kernel.body.statements) sum += statement_flops(kernel, statement);
  return sum;
}

}  // namespace

runtime::Work work_of(const Plan& plan, const Kernel& kernel) {
  runtime::Work work;
  work.flops = static_cast<double>(flops(kernel));
  std::set<std::pair<BufferId, bool>> moved;
  std::set<BufferId> held;
  for (const Access& access : kernel.accesses) {
    const Buffer& buffer = plan.buffer(access.buffer);
    const auto bytes = static_cast<double>(buffer.rows * buffer.columns * element_bytes(buffer.dtype));
    if (moved.emplace(access.buffer, access.write).second) work.bytes_moved += bytes;
    if (held.insert(access.buffer).second) work.bytes_held += bytes;
  }
  return work;
}

}  // namespace netc::kernel

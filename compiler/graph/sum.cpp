#include "compiler/graph/sum.h"

namespace netc::graph {

std::optional<Sum> sum_of(Op& op) {
  if (auto* contract = std::get_if<Contract>(&op))
    return Sum{&contract->domain, &contract->result, {&contract->a, &contract->b}};
  auto* reduce = std::get_if<Reduce>(&op);
  if (reduce && reduce->kind == ReduceKind::kSum)
    return Sum{&reduce->domain, &reduce->result, {&reduce->operand}};
  return std::nullopt;
}

}  // namespace netc::graph

#include "compiler/layers/drop.h"

namespace netc {

graph::ScalarExpr drop(double rate) {
  graph::ScalarExpr expr;
  graph::ScalarPool& pool = expr.pool;
  graph::ScalarId dropped = pool.binary(graph::ScalarOp::kLess, pool.operand(1), pool.constant(rate));
  graph::ScalarId kept =
      pool.binary(graph::ScalarOp::kMultiply, pool.operand(0), pool.constant(1 / (1 - rate)));
  expr.root = pool.select(dropped, pool.constant(0), kept);
  return expr;
}

ParameterDef rate_parameter() {
  return {.name = "rate", .kind = ValueKind::kShare, .positional = true, .required = true, .words = {}};
}

}  // namespace netc

#include "compiler/graph/scalar.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "compiler/support/check.h"

namespace netc::graph {

int arity(ScalarOp op) {
  switch (op) {
    case ScalarOp::kConstant:
    case ScalarOp::kOperand: return 0;
#define NETC_SCALAR_OP(Name, spelling, arity) \
  case ScalarOp::k##Name: return arity;
#include "compiler/graph/scalar_ops.def"
  }
  return 0;
}

std::string_view spelling(ScalarOp op) {
  switch (op) {
    case ScalarOp::kConstant: return "constant";
    case ScalarOp::kOperand: return "operand";
#define NETC_SCALAR_OP(Name, spelling, arity) \
  case ScalarOp::k##Name: return spelling;
#include "compiler/graph/scalar_ops.def"
  }
  return "";
}

namespace {

double sign(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }

double minimum(double a, double b) { return std::isnan(a) ? a : std::isnan(b) ? b : std::min(a, b); }
double maximum(double a, double b) { return std::isnan(a) ? a : std::isnan(b) ? b : std::max(a, b); }

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double apply(ScalarOp op, double a, double b, double c) {
  switch (op) {
    case ScalarOp::kConstant:
    case ScalarOp::kOperand: break;
    case ScalarOp::kAdd: return a + b;
    case ScalarOp::kSubtract: return a - b;
    case ScalarOp::kMultiply: return a * b;
    case ScalarOp::kDivide: return a / b;
    case ScalarOp::kPower: return std::pow(a, b);
    case ScalarOp::kMin: return minimum(a, b);
    case ScalarOp::kMax: return maximum(a, b);
    case ScalarOp::kLess: return a < b;
    case ScalarOp::kLessEqual: return a <= b;
    case ScalarOp::kEqual: return a == b;
    case ScalarOp::kNotEqual: return a != b;
    case ScalarOp::kNegate: return -a;
    case ScalarOp::kAbs: return std::abs(a);
    case ScalarOp::kSign: return sign(a);
    case ScalarOp::kFloor: return std::floor(a);
    case ScalarOp::kSqrt: return std::sqrt(a);
    case ScalarOp::kExp: return std::exp(a);
    case ScalarOp::kExpm1: return std::expm1(a);
    case ScalarOp::kLog: return std::log(a);
    case ScalarOp::kLog1p: return std::log1p(a);
    case ScalarOp::kSin: return std::sin(a);
    case ScalarOp::kCos: return std::cos(a);
    case ScalarOp::kTanh: return std::tanh(a);
    case ScalarOp::kSigmoid: return 1 / (1 + std::exp(-a));
    case ScalarOp::kSoftplus: return softplus(a);
    case ScalarOp::kErf: return std::erf(a);
    case ScalarOp::kConvert:
    case ScalarOp::kStopGradient: return a;
    case ScalarOp::kSelect: return a != 0 ? b : c;
  }
  NETC_CHECK(false, "a leaf of a scalar expression has no operation");
}

std::uint64_t hash_of(const ScalarNode& node) {
  std::uint64_t hash = static_cast<std::uint64_t>(node.op);
  for (std::uint64_t word :
       {std::uint64_t{node.args[0]}, std::uint64_t{node.args[1]}, std::uint64_t{node.args[2]},
        std::bit_cast<std::uint64_t>(node.value), std::uint64_t{node.operand}}) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return hash;
}

// Bit by bit: -0 and 0 differ, and a NaN equals itself.
bool same(const ScalarNode& a, const ScalarNode& b) {
  return a.op == b.op && a.args == b.args && a.operand == b.operand &&
         std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

constexpr ScalarId kNone = std::numeric_limits<ScalarId>::max();

// What an operation on nodes of a pool is equal to, if that is simpler.
class Folder {
 public:
  explicit Folder(ScalarPool& pool) : pool_(pool) {}

  std::optional<ScalarId> fold(ScalarOp op, std::span<const ScalarId> args) {
    if (std::optional<ScalarId> id = fold_constants(op, args)) return id;
    if (arity(op) == 1) return fold_unary(op, args[0]);
    if (op == ScalarOp::kSelect) return fold_select(args[0], args[1], args[2]);
    return fold_binary(op, args[0], args[1]);
  }

 private:
  bool is(ScalarId id, double value) const { return pool_.is_constant(id, value); }
  bool is(ScalarId id, ScalarOp op) const { return pool_[id].op == op; }
  ScalarId negated(ScalarId id) { return pool_.unary(ScalarOp::kNegate, id); }
  ScalarId below(ScalarId id) const { return pool_[id].args[0]; }

  std::optional<ScalarId> fold_constants(ScalarOp op, std::span<const ScalarId> args) {
    std::array<double, 3> values{};
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (!is(args[i], ScalarOp::kConstant)) return std::nullopt;
      values[i] = pool_[args[i]].value;
    }
    return pool_.constant(apply(op, values[0], values[1], values[2]));
  }

  std::optional<ScalarId> fold_unary(ScalarOp op, ScalarId a) {
    if (op == ScalarOp::kNegate && is(a, ScalarOp::kNegate)) return below(a);
    if (op == ScalarOp::kAbs && is(a, ScalarOp::kNegate)) return pool_.unary(ScalarOp::kAbs, below(a));
    if (op == ScalarOp::kAbs && is(a, ScalarOp::kAbs)) return a;
    if (op == ScalarOp::kStopGradient && is(a, ScalarOp::kStopGradient)) return a;
    return std::nullopt;
  }

  std::optional<ScalarId> fold_select(ScalarId condition, ScalarId a, ScalarId b) {
    if (a == b) return a;
    if (is(condition, ScalarOp::kConstant)) return pool_[condition].value != 0 ? a : b;
    return std::nullopt;
  }

  std::optional<ScalarId> fold_binary(ScalarOp op, ScalarId a, ScalarId b) {
    if (op == ScalarOp::kAdd) return fold_add(a, b);
    if (op == ScalarOp::kSubtract) return fold_subtract(a, b);
    if (op == ScalarOp::kMultiply) return fold_multiply(a, b);
    if (op == ScalarOp::kDivide) {
      if (is(b, 1)) return a;
      if (is(b, -1)) return negated(a);
    }
    if (op == ScalarOp::kPower) {
      if (is(b, 1)) return a;
      if (is(b, 0)) return pool_.constant(1);
    }
    if ((op == ScalarOp::kMin || op == ScalarOp::kMax) && a == b) return a;
    return std::nullopt;
  }

  std::optional<ScalarId> fold_add(ScalarId a, ScalarId b) {
    if (is(a, 0)) return b;
    if (is(b, 0)) return a;
    if (is(b, ScalarOp::kNegate)) return pool_.binary(ScalarOp::kSubtract, a, below(b));
    if (is(a, ScalarOp::kNegate)) return pool_.binary(ScalarOp::kSubtract, b, below(a));
    return std::nullopt;
  }

  std::optional<ScalarId> fold_subtract(ScalarId a, ScalarId b) {
    if (is(b, 0)) return a;
    if (is(a, 0)) return negated(b);
    if (is(b, ScalarOp::kNegate)) return pool_.binary(ScalarOp::kAdd, a, below(b));
    return std::nullopt;
  }

  std::optional<ScalarId> fold_multiply(ScalarId a, ScalarId b) {
    if (is(a, 1)) return b;
    if (is(b, 1)) return a;
    if (is(a, -1)) return negated(b);
    if (is(b, -1)) return negated(a);
    if (is(a, ScalarOp::kNegate)) return negated(pool_.binary(ScalarOp::kMultiply, below(a), b));
    if (is(b, ScalarOp::kNegate)) return negated(pool_.binary(ScalarOp::kMultiply, a, below(b)));
    return std::nullopt;
  }

  ScalarPool& pool_;
};

}  // namespace

ScalarId ScalarPool::constant(double value) { return intern({.op = ScalarOp::kConstant, .value = value}); }

ScalarId ScalarPool::operand(std::uint32_t number) {
  return intern({.op = ScalarOp::kOperand, .operand = number});
}

ScalarId ScalarPool::add(ScalarOp op, std::span<const ScalarId> args) {
  NETC_CHECK(static_cast<int>(args.size()) == arity(op) && !args.empty(),
             "a scalar operation has the wrong number of arguments");
  if (std::optional<ScalarId> simpler = Folder(*this).fold(op, args)) return *simpler;
  ScalarNode node{.op = op};
  std::copy(args.begin(), args.end(), node.args.begin());
  return intern(node);
}

ScalarId ScalarPool::intern(const ScalarNode& node) {
  if (table_.size() < 2 * (nodes_.size() + 1)) grow_table();
  std::size_t mask = table_.size() - 1;
  std::size_t slot = hash_of(node) & mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    if (same(nodes_[table_[slot] - 1], node)) return table_[slot] - 1;
  }
  nodes_.push_back(node);
  table_[slot] = static_cast<ScalarId>(nodes_.size());
  return table_[slot] - 1;
}

void ScalarPool::grow_table() {
  table_.assign(std::max<std::size_t>(16, 2 * table_.size()), 0);
  std::size_t mask = table_.size() - 1;
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    std::size_t slot = hash_of(nodes_[id]) & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = static_cast<ScalarId>(id + 1);
  }
}

bool operator==(const ScalarExpr& a, const ScalarExpr& b) {
  return a.root == b.root && std::equal(a.pool.nodes().begin(), a.pool.nodes().end(), b.pool.nodes().begin(),
                                        b.pool.nodes().end(), same);
}

std::vector<bool> live_nodes(const ScalarExpr& expr) {
  std::vector<bool> live(expr.root + 1, false);
  live[expr.root] = true;
  for (ScalarId id = expr.root + 1; id-- > 0;) {
    if (!live[id]) continue;
    const ScalarNode& node = expr.pool[id];
    for (int i = 0; i < arity(node.op); ++i) live[node.args[i]] = true;
  }
  return live;
}

ScalarId inline_into(ScalarPool& pool, const ScalarExpr& expr, std::span<const ScalarId> operands) {
  NETC_CHECK(&pool != &expr.pool, "an expression cannot be copied into its own pool");
  std::vector<bool> live = live_nodes(expr);
  std::vector<ScalarId> place(expr.root + 1, kNone);
  for (ScalarId id = 0; id <= expr.root; ++id) {
    if (!live[id]) continue;
    const ScalarNode& node = expr.pool[id];
    if (node.op == ScalarOp::kConstant) {
      place[id] = pool.constant(node.value);
    } else if (node.op == ScalarOp::kOperand) {
      NETC_CHECK(node.operand < operands.size(), "an expression names an operand that it was not given");
      place[id] = operands[node.operand];
    } else {
      std::array<ScalarId, 3> args{};
      int count = arity(node.op);
      for (int i = 0; i < count; ++i) args[i] = place[node.args[i]];
      place[id] = pool.add(node.op, std::span(args).first(count));
    }
  }
  return place[expr.root];
}

std::uint32_t operand_count(const ScalarExpr& expr) {
  std::vector<bool> live = live_nodes(expr);
  std::uint32_t count = 0;
  for (ScalarId id = 0; id <= expr.root; ++id) {
    const ScalarNode& node = expr.pool[id];
    if (live[id] && node.op == ScalarOp::kOperand) count = std::max(count, node.operand + 1);
  }
  return count;
}

bool uses_operand(const ScalarExpr& expr, std::uint32_t operand) {
  std::vector<bool> live = live_nodes(expr);
  for (ScalarId id = 0; id <= expr.root; ++id) {
    const ScalarNode& node = expr.pool[id];
    if (live[id] && node.op == ScalarOp::kOperand && node.operand == operand) return true;
  }
  return false;
}

double evaluate(const ScalarExpr& expr, std::span<const double> operands) {
  std::vector<double> scratch;
  return evaluate(expr, operands, scratch);
}

double evaluate(const ScalarExpr& expr, std::span<const double> operands, std::vector<double>& scratch) {
  scratch.resize(expr.root + 1);
  for (ScalarId id = 0; id <= expr.root; ++id) {
    const ScalarNode& node = expr.pool[id];
    if (node.op == ScalarOp::kConstant) {
      scratch[id] = node.value;
    } else if (node.op == ScalarOp::kOperand) {
      // A dead node may name an operand that is not there.
      scratch[id] = node.operand < operands.size() ? operands[node.operand] : 0;
    } else {
      scratch[id] = apply(node.op, scratch[node.args[0]], scratch[node.args[1]], scratch[node.args[2]]);
    }
  }
  return scratch[expr.root];
}

}  // namespace netc::graph

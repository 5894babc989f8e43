#include "compiler/kernel/uniforms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace netc::kernel {

using graph::ScalarNode;
using graph::ScalarOp;

namespace {

class Hoister {
 public:
  Hoister(Plan& plan, const Body& body) : plan_(plan), body_(body) {
    for (const ScalarNode& node : body.pool.nodes()) uniform_.push_back(is_uniform(node));
  }

  Body run() {
    for (const Operand& operand : body_.operands) {
      if (operand.kind != Operand::Kind::kStepNumber) result_.operands.push_back(operand);
    }
    for (const Statement& statement : body_.statements) {
      result_.statements.push_back(statement);
      result_.statements.back().root = copy(statement.root);
    }
    return std::move(result_);
  }

 private:
  bool is_uniform(const ScalarNode& node) const {
    if (node.op == ScalarOp::kConstant) return true;
    if (node.op == ScalarOp::kOperand) return body_.operands[node.operand].kind == Operand::Kind::kStepNumber;
    for (int i = 0; i < arity(node.op); ++i) {
      if (!uniform_[node.args[i]]) return false;
    }
    return true;
  }

  ScalarId copy(ScalarId id) {
    if (auto found = copied_.find(id); found != copied_.end()) return found->second;
    ScalarId result = copy_new(id);
    copied_.emplace(id, result);
    return result;
  }

  ScalarId copy_new(ScalarId id) {
    const ScalarNode& node = body_.pool[id];
    ScalarPool& pool = result_.pool;
    if (node.op == ScalarOp::kConstant) return pool.constant(node.value);
    if (uniform_[id]) return uniform(extract(id));
    if (node.op == ScalarOp::kOperand) return operand(body_.operands[node.operand]);
    if (node.op == ScalarOp::kDivide && uniform_[node.args[1]]) {
      if (auto factor = reciprocal(node.args[1]))
        return pool.binary(ScalarOp::kMultiply, copy(node.args[0]), *factor);
    }
    std::array<ScalarId, 3> args{};
    for (int i = 0; i < arity(node.op); ++i) args[i] = copy(node.args[i]);
    return pool.add(node.op, std::span(args).first(arity(node.op)));
  }

  // 1 / x; not for constants whose reciprocal is no normal float.
  std::optional<ScalarId> reciprocal(ScalarId id) {
    const ScalarNode& node = body_.pool[id];
    if (node.op == ScalarOp::kConstant) {
      double inverse = 1 / node.value;
      bool normal = std::abs(inverse) >= std::numeric_limits<float>::min() &&
                    std::abs(inverse) <= std::numeric_limits<float>::max();
      if (!normal) return std::nullopt;
      return result_.pool.constant(inverse);
    }
    ScalarExpr expr = extract(id);
    expr.root = expr.pool.binary(ScalarOp::kDivide, expr.pool.constant(1), expr.root);
    return uniform(std::move(expr));
  }

  // The uniform sub-expression, with the step's numbers as operands.
  ScalarExpr extract(ScalarId id) const {
    ScalarExpr whole;
    std::vector<ScalarId> operands;
    for (const Operand& operand : body_.operands) {
      operands.push_back(operand.kind == Operand::Kind::kStepNumber ? whole.pool.operand(operand.number)
                                                                    : whole.pool.constant(0));
    }
    whole.root = graph::inline_into(whole.pool, ScalarExpr{body_.pool, id}, operands);
    return graph::simplify(whole);
  }

  ScalarId uniform(ScalarExpr expr) {
    std::string text = print(expr);
    auto same = [&](const ScalarExpr& other) { return print(other) == text; };
    auto found = std::find_if(plan_.uniforms.begin(), plan_.uniforms.end(), same);
    if (found == plan_.uniforms.end()) found = plan_.uniforms.insert(found, std::move(expr));
    return operand({Operand::Kind::kUniform, plan_.uniforms_buffer,
                    static_cast<std::uint32_t>(found - plan_.uniforms.begin())});
  }

  ScalarId operand(const Operand& operand) {
    auto found = std::find(result_.operands.begin(), result_.operands.end(), operand);
    if (found == result_.operands.end()) found = result_.operands.insert(found, operand);
    return result_.pool.operand(static_cast<std::uint32_t>(found - result_.operands.begin()));
  }

  Plan& plan_;
  const Body& body_;
  std::vector<bool> uniform_;
  std::map<ScalarId, ScalarId> copied_;
  Body result_;
};

}  // namespace

Body hoist_uniforms(Plan& plan, const Body& body) { return Hoister(plan, body).run(); }

}  // namespace netc::kernel

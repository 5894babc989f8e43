#include "compiler/prelude/lowering.h"

#include <algorithm>
#include <utility>

#include "compiler/prelude/functions.h"
#include "compiler/support/overloaded.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;

constexpr DiagnosticKind<std::string_view> kUnknownValue{"unknown-value", "there is no value `{}`"};
constexpr DiagnosticKind<std::string_view> kUnknownFunction{"unknown-function", "there is no function `{}`"};
constexpr DiagnosticKind<std::string_view> kBareFunction{"bare-function",
                                                         "`{}` is a function, and here a number is needed"};
constexpr DiagnosticKind<std::string_view> kNotANumber{"not-a-number",
                                                       "this is {}, and here a number is needed"};
constexpr DiagnosticKind<std::string_view> kTimeUnknown{
    "time-unknown", "`{}` is known only in schedules, optimizers and the settings of `train`"};
constexpr DiagnosticKind<std::string_view> kRecursiveDefinition{"recursive-definition",
                                                                "`{}` is defined by itself"};
constexpr DiagnosticKind<> kTooDeep{"expression-too-deep",
                                    "this expression, with what it calls, is nested too deeply"};
constexpr DiagnosticKind<> kTooLarge{"expression-too-large",
                                     "this expression, with what it calls, is too large"};

constexpr int kMaxDepth = 2000;
constexpr std::size_t kMaxOpen = 100;
constexpr std::size_t kMaxNodes = 20000;

const Scope kEmptyScope;

}  // namespace

ScalarId inline_value(ScalarPool& pool, const NamedValue& value) {
  std::vector<ScalarId> operands;
  for (std::uint32_t i = 0; i < graph::operand_count(value.expr); ++i) operands.push_back(pool.operand(i));
  return graph::inline_into(pool, value.expr, operands);
}

std::optional<ScalarExpr> lower_expression(const ast::Expr& expr, const Scope& scope,
                                           const Definitions& prelude, const Definitions& user,
                                           Diagnostics& diagnostics) {
  Lowering lowering(prelude, user, diagnostics);
  ScalarExpr result;
  std::optional<ScalarId> root = lowering.lower(result.pool, expr, {.nodes = {}, .scope = &scope});
  if (!root) return std::nullopt;
  result.root = *root;
  return result;
}

std::optional<ScalarId> Lowering::lower(ScalarPool& pool, const ast::Expr& expr, const VisibleNames& names) {
  if (depth_ >= kMaxDepth) {
    diagnostics_.error(kTooDeep, expr.span);
    return std::nullopt;
  }
  if (!check_room(pool, 0, expr.span)) return std::nullopt;
  ++depth_;
  Result result = std::visit(
      overloaded{
          [&](const ast::Number& number) -> Result {
            if (number.percent) return not_a_number(expr.span, "a percentage");
            return pool.constant(number.value);
          },
          [&](const ast::Extents&) -> Result { return not_a_number(expr.span, "a shape"); },
          [&](const ast::String&) -> Result { return not_a_number(expr.span, "a text"); },
          [&](const ast::NameUse& use) -> Result { return lower_name(pool, use.name, expr.span, names); },
          [&](const ast::Call& call) -> Result { return lower_call(pool, call, expr.span, names); },
          [&](const ast::Negate& negate) -> Result {
            Result operand = lower(pool, *negate.operand, names);
            return operand ? Result(pool.unary(ScalarOp::kNegate, *operand)) : std::nullopt;
          },
          [&](const ast::Binary& binary) -> Result { return lower_binary(pool, binary, names); },
          [&](const ast::If& choice) -> Result { return lower_if(pool, choice, names); },
      },
      expr.node);
  --depth_;
  return result;
}

bool Lowering::check_room(const ScalarPool& pool, std::size_t more, Span span) {
  if (pool.size() + more <= kMaxNodes) return true;
  diagnostics_.error(kTooLarge, span);
  return false;
}

Lowering::Result Lowering::not_a_number(Span span, std::string_view what) {
  diagnostics_.error(kNotANumber, span, what);
  return std::nullopt;
}

Lowering::Result Lowering::lower_name(ScalarPool& pool, const std::string& name, Span span,
                                      const VisibleNames& names) {
  if (auto node = names.nodes.find(name); node != names.nodes.end()) return node->second;
  if (auto value = names.scope->find(name); value != names.scope->end()) {
    if (value->second.failed) return std::nullopt;
    if (!value->second.other.empty()) return not_a_number(span, value->second.other);
    return inline_value(pool, value->second);
  }
  if (name == "pi") return pool.constant(3.14159265358979323846);
  return unknown_name(name, span, names);
}

Lowering::Result Lowering::unknown_name(const std::string& name, Span span, const VisibleNames& names) {
  if (is_time_name(name)) {
    diagnostics_.error(kTimeUnknown, span, name);
  } else if (find_function(name) || name == kNorm || find(name, false)) {
    diagnostics_.error(kBareFunction, span, name).hint("call it, as in `" + name + "(x)`");
  } else {
    std::vector<std::string> candidates{"pi"};
    for (const auto& [known, node] : names.nodes) candidates.push_back(known);
    for (const auto& [known, value] : *names.scope) candidates.push_back(known);
    DiagnosticBuilder error = diagnostics_.error(kUnknownValue, span, name);
    if (std::optional<std::string> near = suggest(name, candidates))
      error.caret("did you mean `" + *near + "`?");
  }
  return std::nullopt;
}

Lowering::Result Lowering::lower_binary(ScalarPool& pool, const ast::Binary& binary,
                                        const VisibleNames& names) {
  Result left = lower(pool, *binary.left, names);
  Result right = lower(pool, *binary.right, names);
  if (!left || !right) return std::nullopt;
  switch (binary.op) {
    case ast::BinaryOp::kAdd: return pool.binary(ScalarOp::kAdd, *left, *right);
    case ast::BinaryOp::kSubtract: return pool.binary(ScalarOp::kSubtract, *left, *right);
    case ast::BinaryOp::kMultiply: return pool.binary(ScalarOp::kMultiply, *left, *right);
    case ast::BinaryOp::kDivide: return pool.binary(ScalarOp::kDivide, *left, *right);
    case ast::BinaryOp::kPower: return pool.binary(ScalarOp::kPower, *left, *right);
    case ast::BinaryOp::kLess: return pool.binary(ScalarOp::kLess, *left, *right);
    case ast::BinaryOp::kLessEqual: return pool.binary(ScalarOp::kLessEqual, *left, *right);
    case ast::BinaryOp::kGreater: return pool.binary(ScalarOp::kLess, *right, *left);
    case ast::BinaryOp::kGreaterEqual: return pool.binary(ScalarOp::kLessEqual, *right, *left);
    case ast::BinaryOp::kEqual: return pool.binary(ScalarOp::kEqual, *left, *right);
    case ast::BinaryOp::kNotEqual: return pool.binary(ScalarOp::kNotEqual, *left, *right);
  }
  return std::nullopt;
}

Lowering::Result Lowering::lower_if(ScalarPool& pool, const ast::If& choice, const VisibleNames& names) {
  Result condition = lower(pool, *choice.condition, names);
  Result then_value = lower(pool, *choice.then_value, names);
  Result else_value = lower(pool, *choice.else_value, names);
  if (!condition || !then_value || !else_value) return std::nullopt;
  return pool.select(*condition, *then_value, *else_value);
}

const ast::FunctionDefinition* Lowering::find(std::string_view name, bool with_time) const {
  const ast::FunctionDefinition* best = nullptr;
  for (const Definitions* definitions : {&user_, &prelude_}) {
    for (const auto* table : {&definitions->activations, &definitions->losses, &definitions->schedules}) {
      auto found = table->find(name);
      if (found == table->end()) continue;
      if (!with_time || found->second->kind == ast::FunctionKind::kSchedule) return found->second;
      best = found->second;
    }
  }
  return best;
}

Lowering::Result Lowering::unknown_function(const ast::Call& call) {
  std::vector<std::string> candidates = function_names();
  for (const Definitions* definitions : {&user_, &prelude_}) {
    for (const auto* table : {&definitions->activations, &definitions->losses, &definitions->schedules}) {
      for (const auto& [name, definition] : *table) candidates.push_back(name);
    }
  }
  DiagnosticBuilder error = diagnostics_.error(kUnknownFunction, call.function.span, call.function.text);
  if (std::optional<std::string> near = suggest(call.function.text, candidates))
    error.caret("did you mean `" + *near + "`?");
  return std::nullopt;
}

const Scope* Lowering::scope_of(const ast::FunctionDefinition& definition) const {
  for (const auto* table : {&user_.activations, &user_.losses, &user_.schedules}) {
    auto found = table->find(definition.name.text);
    if (found != table->end() && found->second == &definition) return &user_.values;
  }
  return &kEmptyScope;
}

const Scope* Lowering::scope_of(const ast::OptimizerDefinition& definition) const {
  auto found = user_.optimizers.find(definition.name.text);
  return found != user_.optimizers.end() && found->second == &definition ? &user_.values : &kEmptyScope;
}

std::span<const std::string_view> implicit_operands(ast::FunctionKind kind) {
  static constexpr std::string_view kLossNames[] = {"classes"};
  switch (kind) {
    case ast::FunctionKind::kActivation: return {};
    case ast::FunctionKind::kLoss: return kLossNames;
    case ast::FunctionKind::kSchedule: return kTimeNames;
  }
  return {};
}

bool Lowering::is_built_in(const ast::FunctionDefinition& definition) const {
  return scope_of(definition) == &kEmptyScope;
}

bool Lowering::is_built_in(const ast::OptimizerDefinition& definition) const {
  return scope_of(definition) == &kEmptyScope;
}

const std::optional<ScalarExpr>& Lowering::body(const ast::FunctionDefinition& definition) {
  if (auto known = bodies_.find(&definition); known != bodies_.end()) return known->second;
  if (std::ranges::find(open_, &definition) != open_.end()) {
    diagnostics_.error(kRecursiveDefinition, definition.name.span, definition.name.text);
    return bodies_[&definition] = std::nullopt;
  }
  if (open_.size() >= kMaxOpen) {
    diagnostics_.error(kTooDeep, definition.body->span);
    return bodies_[&definition] = std::nullopt;
  }
  open_.push_back(&definition);
  ScalarExpr expr;
  VisibleNames names{.nodes = {}, .scope = scope_of(definition)};
  std::uint32_t operand = 0;
  for (const ast::Parameter& parameter : definition.parameters)
    names.nodes[parameter.name.text] = expr.pool.operand(operand++);
  for (std::string_view name : implicit_operands(definition.kind))
    names.nodes[std::string(name)] = expr.pool.operand(operand++);
  const int outer_depth = std::exchange(depth_, 0);
  Result root = lower(expr.pool, *definition.body, names);
  depth_ = outer_depth;
  open_.pop_back();
  // A recursion found below is an error of this body too.
  if (!root || bodies_.contains(&definition)) return bodies_[&definition] = std::nullopt;
  expr.root = *root;
  return bodies_[&definition] = std::move(expr);
}

}  // namespace netc

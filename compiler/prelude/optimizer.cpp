#include <algorithm>
#include <set>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/functions.h"
#include "compiler/prelude/ranges.h"
#include "compiler/prelude/walk.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarOp;
using graph::ScalarPool;

constexpr DiagnosticKind<std::string_view> kStateTwice{"state-twice", "the state `{}` is made twice"};
constexpr DiagnosticKind<std::string_view> kStateName{
    "state-name", "a state cannot be called `{}`, which has a meaning in an optimizer"};
constexpr DiagnosticKind<std::string_view> kAssignedFixed{"assigned-fixed",
                                                          "`{}` cannot be assigned: it is given"};
constexpr DiagnosticKind<std::string_view> kOptimizerWithoutW{"optimizer-without-w",
                                                              "the optimizer `{}` never assigns `w`"};
constexpr DiagnosticKind<std::string_view> kAssignedUnread{"assigned-unread",
                                                           "`{}` is assigned, and nothing reads it"};

// The body, assignment by assignment: every name is the node of its newest value. Operands: those of the
// rule.
class RuleBuilder {
 public:
  RuleBuilder(const ast::OptimizerDefinition& definition, const RuleOptions& options,
              const BindContext& context)
      : definition_(definition),
        options_(options),
        context_(context),
        lowering_(context.prelude, context.user, context.diagnostics) {
    rule_.name = definition.name.text;
  }

  std::optional<OptimizerRule> build(Span use, std::span<const GivenArgument> arguments) {
    if (!make_states()) return std::nullopt;
    names_.scope = lowering_.scope_of(definition_);
    names_.nodes["w"] = pool_.operand(rule_.operand_w());
    names_.nodes["g"] = pool_.operand(rule_.operand_g());
    for (std::size_t i = 0; i < rule_.states.size(); ++i)
      names_.nodes[rule_.states[i].name] = pool_.operand(rule_.operand_state(i));
    for (std::uint32_t i = 0; i < kTimeNames.size(); ++i) {
      names_.nodes[std::string(kTimeNames[i])] = pool_.operand(rule_.operand_step() + i);
    }
    names_.norm = [this](ScalarId node) { return add_norm(node); };
    if (!set_parameters(use, arguments) || !run_body()) return std::nullopt;
    take_results();
    return drop_unused();
  }

 private:
  bool make_states() {
    bool good = true;
    for (const ast::Assignment& assignment : definition_.body) {
      if (!assignment.state) continue;
      const ast::Name& name = assignment.target;
      if (std::ranges::find(rule_.states, name.text, &OptimizerRule::State::name) != rule_.states.end()) {
        context_.diagnostics.error(kStateTwice, name.span, name.text);
        good = false;
        continue;
      }
      if (name.text == "w" || name.text == "g" || is_fixed(name.text)) {
        context_.diagnostics.error(kStateName, name.span, name.text);
        good = false;
        continue;
      }
      ScalarExpr initial;
      std::optional<ScalarId> root = lowering_.lower(initial.pool, *assignment.value,
                                                     {.nodes = {}, .scope = lowering_.scope_of(definition_)});
      good = good && root.has_value();
      if (!root) continue;
      initial.root = *root;
      rule_.states.push_back({name.text, graph::evaluate(initial, {})});
    }
    return good;
  }

  bool is_fixed(std::string_view name) const {
    return is_time_name(name) ||
           std::ranges::any_of(definition_.parameters, [&](const auto& p) { return p.name.text == name; });
  }

  // Settings may depend on time: in their scope step, epoch and progress are the operands of the rule.
  bool set_parameters(Span use, std::span<const GivenArgument> arguments) {
    std::vector<const ast::Expr*> bodies;
    for (const ast::Assignment& assignment : definition_.body) bodies.push_back(assignment.value.get());
    std::optional<MatchedArguments> matched =
        lowering_.match(definition_.name.text, definition_.parameters, 0, arguments, use,
                        flag_parameters(definition_.parameters, bodies));
    if (!matched) return false;
    VisibleNames outer{.nodes = {}, .scope = &context_.scope};
    for (std::string_view name : kTimeNames) outer.nodes[std::string(name)] = names_.nodes[std::string(name)];
    bool good = true;
    for (std::size_t i = 0; i < definition_.parameters.size(); ++i) {
      const ast::Parameter& parameter = definition_.parameters[i];
      std::optional<ScalarId> value;
      if (matched->flags[i]) value = pool_.constant(1);
      else if (matched->values[i] != nullptr) value = lowering_.lower(pool_, *matched->values[i], outer);
      else value = lowering_.lower(pool_, *parameter.default_value, {.nodes = {}, .scope = names_.scope});
      if (!value || !check_range(parameter, *value, matched->values[i])) good = false;
      else values_[parameter.name.text] = adjusted(parameter.name.text, *value);
    }
    return good;
  }

  // A rule is bound twice, and says what is wrong once: diagnostics keep the first of a place.
  bool check_range(const ast::Parameter& parameter, ScalarId value, const ast::Expr* given) const {
    if (given == nullptr || pool_[value].op != graph::ScalarOp::kConstant ||
        !lowering_.is_built_in(definition_))
      return true;
    return check_setting(parameter.name.text, pool_[value].value, given->span, context_.diagnostics);
  }

  ScalarId adjusted(std::string_view parameter, ScalarId value) {
    if (options_.without_decay && parameter == "decay") return pool_.constant(0);
    if (parameter != "lr") return value;
    if (options_.least_rate) {
      const ScalarId reduced =
          pool_.binary(ScalarOp::kMultiply, value, pool_.operand(rule_.operand_rate_factor()));
      // A rate that starts below the least one stays there.
      value = pool_.binary(ScalarOp::kMax, reduced,
                           pool_.binary(ScalarOp::kMin, value, pool_.constant(*options_.least_rate)));
    }
    rule_.rate = ScalarExpr{pool_, value};
    return value;
  }

  ScalarId add_norm(ScalarId of) {
    auto found = std::ranges::find(norms_, of);
    if (found == norms_.end()) found = norms_.insert(found, of);
    return pool_.operand(rule_.operand_norm(static_cast<std::size_t>(found - norms_.begin())));
  }

  bool run_body() {
    for (const auto& [name, value] : values_) names_.nodes[name] = value;
    bool good = true, assigned_w = false;
    for (const ast::Assignment& assignment : definition_.body) {
      if (assignment.state) continue;
      if (is_fixed(assignment.target.text)) {
        context_.diagnostics.error(kAssignedFixed, assignment.target.span, assignment.target.text);
        good = false;
        continue;
      }
      std::optional<ScalarId> value = lowering_.lower(pool_, *assignment.value, names_);
      // After an error the name is there, so that its uses are not errors too.
      names_.nodes[assignment.target.text] = value.value_or(pool_.constant(0));
      good = good && value.has_value();
      assigned_w = assigned_w || assignment.target.text == "w";
    }
    good = check_read() && good;
    if (!assigned_w)
      context_.diagnostics.error(kOptimizerWithoutW, definition_.name.span, definition_.name.text);
    return good && assigned_w;
  }

  // A name that is neither w, g nor a state is there to be read: else it is a slip of the pen.
  bool check_read() const {
    std::set<std::string> read{"w", "g"};
    for (const OptimizerRule::State& state : rule_.states) read.insert(state.name);
    const std::vector<std::string> targets(read.begin(), read.end());
    for (const ast::Assignment& assignment : definition_.body) {
      for_each_name(*assignment.value, [&](const std::string& name, bool) { read.insert(name); });
    }
    bool good = true;
    for (const ast::Assignment& assignment : definition_.body) {
      const ast::Name& target = assignment.target;
      if (read.contains(target.text) || is_fixed(target.text)) continue;
      DiagnosticBuilder error = context_.diagnostics.error(kAssignedUnread, target.span, target.text);
      if (std::optional<std::string> near = suggest(target.text, targets))
        error.caret("did you mean `" + *near + "`?");
      good = false;
    }
    return good;
  }

  void take_results() {
    rule_.next_w = {pool_, names_.nodes["w"]};
    for (const OptimizerRule::State& state : rule_.states)
      rule_.next_states.push_back({pool_, names_.nodes[state.name]});
    for (ScalarId of : norms_) rule_.norms.push_back({pool_, of});
  }

  // Keeps the states and norms that the next w needs, at once or by way of others.
  OptimizerRule drop_unused() const {
    std::vector<bool> states(rule_.states.size()), norms(rule_.norms.size());
    std::vector<const ScalarExpr*> open{&rule_.next_w};
    while (!open.empty()) {
      const ScalarExpr& expr = *open.back();
      open.pop_back();
      auto need = [&](std::vector<bool>& needed, std::size_t i, std::uint32_t operand,
                      const ScalarExpr& next) {
        if (needed[i] || !graph::uses_operand(expr, operand)) return;
        needed[i] = true;
        open.push_back(&next);
      };
      for (std::size_t i = 0; i < states.size(); ++i)
        need(states, i, rule_.operand_state(i), rule_.next_states[i]);
      for (std::size_t i = 0; i < norms.size(); ++i) need(norms, i, rule_.operand_norm(i), rule_.norms[i]);
    }
    return only(states, norms);
  }

  OptimizerRule only(const std::vector<bool>& states, const std::vector<bool>& norms) const {
    OptimizerRule kept;
    kept.name = rule_.name;
    std::vector<std::uint32_t> place(rule_.operand_norm(norms.size()));
    place[rule_.operand_g()] = kept.operand_g();
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (!states[i]) continue;
      place[rule_.operand_state(i)] = kept.operand_state(kept.states.size());
      kept.states.push_back(rule_.states[i]);
    }
    for (std::uint32_t i = rule_.operand_step(); i < rule_.operand_norm(0); ++i)
      place[i] = kept.operand_step() + i - rule_.operand_step();
    std::size_t count = 0;
    for (std::size_t i = 0; i < norms.size(); ++i) {
      if (norms[i]) place[rule_.operand_norm(i)] = kept.operand_norm(count++);
    }
    kept.next_w = renumber(rule_.next_w, place);
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i]) kept.next_states.push_back(renumber(rule_.next_states[i], place));
    }
    for (std::size_t i = 0; i < norms.size(); ++i) {
      if (norms[i]) kept.norms.push_back(renumber(rule_.norms[i], place));
    }
    if (rule_.rate) kept.rate = renumber(*rule_.rate, place);
    return kept;
  }

  static ScalarExpr renumber(const ScalarExpr& expr, const std::vector<std::uint32_t>& place) {
    ScalarExpr result;
    std::vector<ScalarId> operands;
    for (std::uint32_t number : place) operands.push_back(result.pool.operand(number));
    result.root = graph::inline_into(result.pool, expr, operands);
    return graph::simplify(result);
  }

  const ast::OptimizerDefinition& definition_;
  const RuleOptions& options_;
  const BindContext& context_;
  Lowering lowering_;
  OptimizerRule rule_;
  ScalarPool pool_;
  VisibleNames names_;
  std::map<std::string, ScalarId, std::less<>> values_;
  std::vector<ScalarId> norms_;  // what each is of
};

}  // namespace

std::optional<OptimizerRule> bind_optimizer(const ast::OptimizerDefinition& definition, Span use,
                                            std::span<const GivenArgument> arguments,
                                            const RuleOptions& options, const BindContext& context) {
  return RuleBuilder(definition, options, context).build(use, arguments);
}

}  // namespace netc

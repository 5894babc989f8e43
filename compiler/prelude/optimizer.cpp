#include <algorithm>
#include <set>

#include "compiler/prelude/bind.h"
#include "compiler/prelude/functions.h"
#include "compiler/prelude/walk.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using graph::ScalarExpr;
using graph::ScalarId;
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

// The body, assignment by assignment: every name is the node of its newest value. Operands: w, g, the states,
// step, epoch, progress.
class RuleBuilder {
 public:
  RuleBuilder(const ast::OptimizerDefinition& definition, const BindContext& context)
      : definition_(definition),
        context_(context),
        lowering_(context.prelude, context.user, context.diagnostics) {
    rule_.name = definition.name.text;
  }

  std::optional<OptimizerRule> build(Span use, std::span<const GivenArgument> arguments, bool without_decay) {
    if (!make_states()) return std::nullopt;
    names_.scope = lowering_.scope_of(definition_);
    names_.nodes["w"] = pool_.operand(rule_.operand_w());
    names_.nodes["g"] = pool_.operand(rule_.operand_g());
    for (std::size_t i = 0; i < rule_.states.size(); ++i)
      names_.nodes[rule_.states[i].name] = pool_.operand(rule_.operand_state(i));
    for (std::uint32_t i = 0; i < kTimeNames.size(); ++i) {
      names_.nodes[std::string(kTimeNames[i])] = pool_.operand(rule_.operand_step() + i);
    }
    if (!set_parameters(use, arguments, without_decay) || !run_body()) return std::nullopt;
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
  bool set_parameters(Span use, std::span<const GivenArgument> arguments, bool without_decay) {
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
      if (!value) good = false;
      else
        values_[parameter.name.text] =
            without_decay && parameter.name.text == "decay" ? pool_.constant(0) : *value;
    }
    return good;
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
  }

  // Keeps the states that the next w needs, at once or by way of other states.
  OptimizerRule drop_unused() const {
    std::vector<bool> needed(rule_.states.size());
    std::vector<const ScalarExpr*> open{&rule_.next_w};
    while (!open.empty()) {
      const ScalarExpr& expr = *open.back();
      open.pop_back();
      for (std::size_t i = 0; i < needed.size(); ++i) {
        if (needed[i] || !graph::uses_operand(expr, rule_.operand_state(i))) continue;
        needed[i] = true;
        open.push_back(&rule_.next_states[i]);
      }
    }
    OptimizerRule kept;
    kept.name = rule_.name;
    std::vector<std::uint32_t> place(rule_.operand_progress() + 1);
    place[1] = 1;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      place[rule_.operand_state(i)] = kept.operand_state(kept.states.size());
      kept.states.push_back(rule_.states[i]);
    }
    for (std::uint32_t i = 0; i < kTimeNames.size(); ++i)
      place[rule_.operand_step() + i] = kept.operand_step() + i;
    kept.next_w = renumber(rule_.next_w, place);
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (needed[i]) kept.next_states.push_back(renumber(rule_.next_states[i], place));
    }
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
  const BindContext& context_;
  Lowering lowering_;
  OptimizerRule rule_;
  ScalarPool pool_;
  VisibleNames names_;
  std::map<std::string, ScalarId, std::less<>> values_;
};

}  // namespace

std::optional<OptimizerRule> bind_optimizer(const ast::OptimizerDefinition& definition, Span use,
                                            std::span<const GivenArgument> arguments, bool without_decay,
                                            const BindContext& context) {
  return RuleBuilder(definition, context).build(use, arguments, without_decay);
}

}  // namespace netc

#include "compiler/network/loss.h"

#include <algorithm>
#include <array>
#include <limits>

#include "compiler/network/names.h"
#include "compiler/network/text.h"
#include "compiler/support/check.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string, std::int64_t> kOutputsNotClasses{
    "outputs-not-classes", "the network makes {}, but the data has {} classes"};
constexpr DiagnosticKind<std::string, std::string> kOutputsNotTarget{
    "outputs-not-target", "the network makes {}, but the target is {}"};
constexpr DiagnosticKind<> kNoDefaultLoss{"no-default-loss", "the last layer does not say what the loss is"};
constexpr DiagnosticKind<std::string_view> kLossNeedsSoftmax{
    "loss-needs-softmax", "`{}` needs probabilities of the classes, and the last layer makes none"};
constexpr DiagnosticKind<std::string_view> kLossNeedsSigmoid{
    "loss-needs-sigmoid", "`{}` needs probabilities, and the last layer makes none"};
constexpr DiagnosticKind<std::string_view> kLossNeedsClasses{
    "loss-needs-classes", "`{}` needs classes, but the target is a real number"};
constexpr DiagnosticKind<std::string_view> kLossNeedsSigns{
    "loss-needs-signs", "`{}` tells classes apart by the sign of the output, and this one is never below 0"};
constexpr DiagnosticKind<> kSoftmaxOfOne{"softmax-of-one", "a softmax over one number is always 1"};
constexpr DiagnosticKind<std::string_view, std::string_view> kLossStalls{
    "loss-stalls",
    "behind `{}` the gradient of `{}` vanishes where the network is sure and wrong: it learns slowly"};

constexpr std::string_view kCrossEntropy = "cross_entropy";
constexpr std::string_view kBinaryCrossEntropy = "binary_cross_entropy";
// What the prelude's losses ask of the last layer.
constexpr std::string_view kOfDistributions[] = {kCrossEntropy, "kl", "focal"};
constexpr std::string_view kOfProbabilities[] = {kBinaryCrossEntropy, "binary_focal"};
constexpr std::string_view kOfSigns[] = {"hinge"};
constexpr std::string_view kOfDistances[] = {"mse", "mae", "huber", "log_cosh"};
// What they ask of the data.
constexpr std::string_view kOfClasses[] = {kCrossEntropy, "focal", "binary_focal", "hinge"};

struct Range {
  double least = -std::numeric_limits<double>::infinity(), greatest = -least;
};

// The numbers that a layer makes, as far as samples of its activation tell.
Range output_range(const std::optional<Activation>& activation) {
  if (!activation || activation->kind == ActivationKind::kLogSoftmax) return {};
  if (activation->kind == ActivationKind::kSoftmax) return {0, 1};
  if (activation->kind != ActivationKind::kElementwise) return {};
  std::vector<double> operands{0};
  for (const LearnedParameter& learned : activation->learned) operands.push_back(learned.initial);
  Range range{.least = std::numeric_limits<double>::infinity(),
              .greatest = -std::numeric_limits<double>::infinity()};
  for (int i = -400; i <= 400; ++i) {
    operands[0] = i / 8.0;
    const double y = graph::evaluate(activation->function.expr, operands);
    range = {std::min(range.least, y), std::max(range.greatest, y)};
  }
  return range;
}

class LossFinder {
 public:
  explicit LossFinder(const LossQuestion& question)
      : question_(question),
        diagnostics_(question.values.diagnostics()),
        outputs_(question.last.output.elements()) {
    const std::optional<Activation>& activation = question.last.activation;
    softmax_ = activation && activation->kind == ActivationKind::kSoftmax;
    sigmoid_ = activation && activation->name == "sigmoid";
    linear_ = !activation || activation->name == "linear";
    classes_ = question.classes.value_or(guessed_classes());
  }

  std::optional<LossAnswer> find() {
    if (!check_outputs() || !check_softmax()) return std::nullopt;
    LossAnswer answer{.loss = {}, .classes = classes_};
    if (question_.written) {
      if (!check_written()) return std::nullopt;
      answer.loss = {.name = question_.written->name.text,
                     .function = question_.written->function,
                     .span = question_.written->name.span};
    } else {
      std::string_view name = default_name();
      if (name.empty()) {
        report_no_default();
        return std::nullopt;
      }
      answer.loss = {.name = std::string(name), .function = built_in(name), .span = question_.last.span};
    }
    answer.loss.function = with_classes(answer.loss.function);
    if (contains(kOfDistributions, answer.loss.name) && !is_own(answer.loss.name))
      answer.loss.kind = LossKind::kDistribution;
    answer.loss.one_hot = classes_ > 0 && (outputs_ > 1 || answer.loss.kind == LossKind::kDistribution);
    return answer;
  }

 private:
  // Where the data says nothing, the last layer does.
  std::int64_t guessed_classes() const {
    return softmax_ ? outputs_ : sigmoid_ && outputs_ == 1 ? 2 : outputs_ > 1 ? outputs_ : 0;
  }

  bool check_outputs() {
    const Shape& output = question_.last.output;
    const bool vector = output.kind == ShapeKind::kVector;
    const std::int64_t targets = question_.targets;
    if (vector &&
        (classes_ == 0 ? outputs_ == targets : outputs_ == classes_ || (outputs_ == 1 && classes_ == 2)))
      return true;
    DiagnosticBuilder error =
        classes_ == 0
            ? diagnostics_.error(kOutputsNotTarget, question_.last.span, describe(output),
                                 targets == 1 ? "one number" : fmt::format("{} numbers", targets))
            : diagnostics_.error(kOutputsNotClasses, question_.last.span, describe(output), classes_);
    if (question_.data.begin != question_.data.end) {
      error.label(question_.data,
                  classes_ == 0 ? "this has a real target" : fmt::format("this has {} classes", classes_));
    }
    error.hint(classes_ == 0 ? fmt::format("end with `dense {}`", targets)
                             : fmt::format("end with `dense {} softmax`", classes_));
    return false;
  }

  std::string_view default_name() const {
    if (classes_ > 0 && softmax_) return kCrossEntropy;
    if (classes_ == 2 && sigmoid_ && outputs_ == 1) return kBinaryCrossEntropy;
    if (classes_ == 0 && linear_) return "mse";
    return {};
  }

  void report_no_default() {
    DiagnosticBuilder error = diagnostics_.error(kNoDefaultLoss, question_.last.span);
    if (classes_ == 0)
      error.hint("write `dense 1` for a real target, or choose a loss: `train { loss mse }`");
    else if (outputs_ == 1) error.hint("write `dense 1 sigmoid`, or choose a loss: `train { loss hinge }`");
    else
      error.hint(fmt::format("write `dense {} softmax`, or choose a loss: `train {{ loss mse }}`", outputs_));
  }

  bool is_own(std::string_view loss) const { return question_.values.user().losses.contains(loss); }

  bool check_softmax() {
    if (!softmax_ || outputs_ > 1) return true;
    diagnostics_.error(kSoftmaxOfOne, question_.last.span)
        .hint(classes_ == 0 ? "end with `dense 1`" : "end with `dense 1 sigmoid`, or `dense 2 softmax`");
    return false;
  }

  // A person's own loss may be anything.
  bool check_written() {
    const ast::Name& name = question_.written->name;
    if (is_own(name.text)) return true;
    if (classes_ == 0 && contains(kOfClasses, name.text)) {
      diagnostics_.error(kLossNeedsClasses, name.span, name.text).hint("write `loss mse`, say");
      return false;
    }
    const Range range = output_range(question_.last.activation);
    if (contains(kOfDistributions, name.text) && !softmax_)
      return fail(kLossNeedsSoftmax,
                  fmt::format("end with `dense {} softmax`", std::max<std::int64_t>(outputs_, 2)));
    if (contains(kOfProbabilities, name.text) && !(range.least >= 0 && range.greatest <= 1))
      return fail(kLossNeedsSigmoid, fmt::format("end with `dense {} sigmoid`", outputs_));
    if (contains(kOfSigns, name.text) && range.least >= 0)
      return fail(kLossNeedsSigns, fmt::format("end with `dense {}`", outputs_));
    if (contains(kOfDistances, name.text) && classes_ > 0 && (softmax_ || sigmoid_)) warn_of_stalling(name);
    return true;
  }

  bool fail(const DiagnosticKind<std::string_view>& kind, std::string hint) {
    const ast::Name& name = question_.written->name;
    diagnostics_.error(kind, name.span, name.text)
        .label(question_.last.span, "this is the last layer")
        .hint(std::move(hint));
    return false;
  }

  void warn_of_stalling(const ast::Name& name) {
    const std::string_view better = outputs_ > 1 && softmax_ ? kCrossEntropy : kBinaryCrossEntropy;
    diagnostics_.warning(kLossStalls, name.span, softmax_ ? "softmax" : "sigmoid", name.text)
        .hint(fmt::format("`loss {}` does not have this", better));
  }

  // The number of classes is known now: operand 2.
  graph::ScalarFunction with_classes(const graph::ScalarFunction& function) const {
    graph::ScalarFunction result{.operands = {function.operands[0], function.operands[1]}, .expr = {}};
    graph::ScalarPool& pool = result.expr.pool;
    const auto count = static_cast<double>(classes_ > 0 ? classes_ : outputs_);
    result.expr.root = graph::inline_into(pool, function.expr,
                                          std::array{pool.operand(0), pool.operand(1), pool.constant(count)});
    result.expr = graph::simplify(result.expr);
    return result;
  }

  graph::ScalarFunction built_in(std::string_view name) const {
    const Definitions& prelude = question_.values.prelude();
    auto definition = prelude.losses.find(name);
    NETC_CHECK(definition != prelude.losses.end(), "the prelude has no such loss");
    std::optional<graph::ScalarFunction> function =
        bind_loss(*definition->second, question_.last.span, {}, question_.values.context());
    NETC_CHECK(function.has_value(), "a loss of the prelude has no default for a parameter");
    return std::move(*function);
  }

  const LossQuestion& question_;
  Diagnostics& diagnostics_;
  std::int64_t outputs_;
  std::int64_t classes_ = 0;
  bool softmax_ = false, sigmoid_ = false, linear_ = false;
};

}  // namespace

bool makes_probabilities(const Layer& last) {
  const std::optional<Activation>& activation = last.activation;
  if (!activation) return false;
  return activation->kind == ActivationKind::kSoftmax ||
         (activation->name == "sigmoid" && last.output.elements() == 1);
}

std::optional<LossAnswer> find_loss(const LossQuestion& question) { return LossFinder(question).find(); }

}  // namespace netc

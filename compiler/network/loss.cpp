#include "compiler/network/loss.h"

#include "compiler/network/text.h"
#include "compiler/support/check.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string, std::int64_t> kOutputsNotClasses{
    "outputs-not-classes", "the network makes {}, but the data has {} classes"};
constexpr DiagnosticKind<std::string> kOutputsNotTarget{"outputs-not-target",
                                                        "the network makes {}, but the target is one number"};
constexpr DiagnosticKind<> kNoDefaultLoss{"no-default-loss", "the last layer does not say what the loss is"};
constexpr DiagnosticKind<std::string_view> kLossNeedsSoftmax{
    "loss-needs-softmax", "`{}` needs probabilities of the classes, and the last layer makes none"};
constexpr DiagnosticKind<std::string_view> kLossNeedsSigmoid{
    "loss-needs-sigmoid", "`{}` needs probabilities, and the last layer makes none"};
constexpr DiagnosticKind<> kLossNeedsClasses{
    "loss-needs-classes", "`cross_entropy` needs classes, but the target is a real number"};

constexpr std::string_view kCrossEntropy = "cross_entropy";
constexpr std::string_view kBinaryCrossEntropy = "binary_cross_entropy";

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
    if (!check_outputs()) return std::nullopt;
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
    if (answer.loss.name == kCrossEntropy) answer.loss.kind = LossKind::kDistribution;
    answer.loss.one_hot = classes_ > 0 && (outputs_ > 1 || answer.loss.name == kCrossEntropy);
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
    if (vector && (classes_ == 0 ? outputs_ == 1 : outputs_ == classes_ || (outputs_ == 1 && classes_ == 2)))
      return true;
    DiagnosticBuilder error =
        classes_ == 0
            ? diagnostics_.error(kOutputsNotTarget, question_.last.span, describe(output))
            : diagnostics_.error(kOutputsNotClasses, question_.last.span, describe(output), classes_);
    if (question_.data.begin != question_.data.end) {
      error.label(question_.data,
                  classes_ == 0 ? "this has a real target" : fmt::format("this has {} classes", classes_));
    }
    error.hint(classes_ == 0 ? std::string("end with `dense 1`")
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

  bool check_written() {
    const ast::Name& name = question_.written->name;
    if (name.text == kCrossEntropy && classes_ == 0) {
      diagnostics_.error(kLossNeedsClasses, name.span).hint("write `loss mse`, say");
      return false;
    }
    if (name.text == kCrossEntropy && !softmax_) {
      diagnostics_.error(kLossNeedsSoftmax, name.span, name.text)
          .label(question_.last.span, "this is the last layer")
          .hint(fmt::format("end with `dense {} softmax`", outputs_));
      return false;
    }
    if (name.text == kBinaryCrossEntropy && linear_) {
      diagnostics_.error(kLossNeedsSigmoid, name.span, name.text)
          .label(question_.last.span, "this is the last layer")
          .hint(fmt::format("end with `dense {} sigmoid`", outputs_));
      return false;
    }
    return true;
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

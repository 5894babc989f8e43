#include <algorithm>
#include <limits>

#include "compiler/network/arguments.h"
#include "compiler/network/layers.h"
#include "compiler/network/loss.h"
#include "compiler/network/metrics.h"
#include "compiler/network/names.h"
#include "compiler/network/network.h"
#include "compiler/network/outline.h"
#include "compiler/network/read_plateau.h"
#include "compiler/network/train.h"
#include "compiler/network/values.h"

namespace netc {
namespace {

constexpr DiagnosticKind<> kNoLayers{"no-layers", "the program has no layers"};
constexpr DiagnosticKind<> kModelName{"model-name", "`model` takes a name in quotes"};
constexpr DiagnosticKind<> kInputShape{"input-shape", "`input` takes one shape"};
constexpr DiagnosticKind<std::string, std::string> kInputNotData{"input-not-data",
                                                                 "`input` is {}, but the data is {}"};
constexpr DiagnosticKind<std::string> kAugmentNeedsImages{"augment-needs-images",
                                                          "`augment` changes images, but a sample is {}"};
constexpr DiagnosticKind<std::string_view> kNoInput{"no-input",
                                                    "the data `{}` does not say the shape of its samples"};
constexpr DiagnosticKind<> kTwoValidations{"two-validations", "`validation` is set here and with the data"};
constexpr DiagnosticKind<std::int64_t> kValidationTakesAll{
    "validation-takes-all", "`validation` leaves none of the {} training samples to train on"};
constexpr DiagnosticKind<std::int64_t> kTestTakesAll{"test-takes-all",
                                                     "`test` leaves none of the {} samples to train on"};
constexpr DiagnosticKind<std::string_view, std::int64_t, std::string_view, std::int64_t> kPartTooLarge{
    "part-too-large", "`{}` asks for {} {} samples, but the data has {}"};
constexpr DiagnosticKind<std::int64_t> kLimitTakesNone{"limit-takes-none",
                                                       "`limit` leaves none of the {} training samples"};
constexpr DiagnosticKind<std::int64_t> kBatchTooLarge{"batch-too-large",
                                                      "a batch of {} needs more than 16 GiB of values"};
constexpr DiagnosticKind<std::int64_t, std::int64_t> kFewerThanFolds{
    "fewer-than-folds", "`cv` asks for {} parts, but there are {} samples to train on"};
constexpr DiagnosticKind<> kClassWeightNeedsClasses{
    "class-weight-needs-classes", "`class_weight` needs classes, but the target is a real number"};
constexpr DiagnosticKind<std::int64_t, std::int64_t> kClassWeightCount{
    "class-weight-count", "`class_weight` gives {} weights, but the data has {} classes"};
constexpr DiagnosticKind<> kTooManySteps{"too-many-steps", "this makes more than 2147483647 training steps"};

constexpr std::int64_t kMaxBatchBytes = std::int64_t{16} << 30;

std::string stem(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  if (path.ends_with(".net")) path.remove_suffix(4);
  return std::string(path);
}

class NetworkBuilder {
 public:
  NetworkBuilder(const ast::Program& program, const Sources& sources, const Definitions& prelude,
                 DataSpec data, const std::optional<DataDescription>& description, const Overrides& overrides,
                 Diagnostics& diagnostics)
      : program_(program),
        sources_(sources),
        prelude_(prelude),
        description_(description),
        overrides_(overrides),
        diagnostics_(diagnostics),
        outline_(make_outline(program, diagnostics)),
        values_(outline_, overrides, sources, prelude, description, diagnostics) {
    network_.data = std::move(data);
  }

  std::optional<Network> build() {
    check_names(program_, prelude_, diagnostics_);
    values_.resolve_all();
    check_definitions();
    read_model();
    const std::optional<Shape> input = read_input();
    LayerList list = build_layers(
        outline_, input, outline_.input != nullptr ? outline_.input->span : network_.data.span, values_);
    std::optional<TrainSection> train = read_train(outline_, overrides_, values_);
    network_.layers = std::move(list.layers);
    if (outline_.layers.empty())
      diagnostics_.error(kNoLayers, end_of_program()).hint("write `dense 128 relu; dense 10 softmax`, say");
    if (train) take_train(*train);
    if (input && list.good && train && !network_.layers.empty()) take_loss(*train);
    if (diagnostics_.has_errors()) return std::nullopt;
    return std::move(network_);
  }

 private:
  Span end_of_program() const {
    const auto end = static_cast<std::uint32_t>(sources_.text(program_.source).size());
    return {program_.source, end, end};
  }

  void check_definitions() {
    const BindContext context = values_.context();
    const Definitions& user = outline_.definitions;
    for (const auto* table : {&user.activations, &user.losses, &user.schedules}) {
      for (const auto& [name, definition] : *table) check_definition(*definition, context);
    }
    for (const auto& [name, definition] : user.optimizers) check_definition(*definition, context);
  }

  void read_model() {
    network_.name = stem(sources_.name(program_.source));
    if (outline_.model == nullptr) return;
    const ast::Command& model = command_of(*outline_.model);
    const auto* name = model.arguments.size() == 1 && !model.arguments[0].key
                           ? std::get_if<ast::String>(&model.arguments[0].value->node)
                           : nullptr;
    if (name == nullptr || !model.blocks.empty())
      diagnostics_.error(kModelName, outline_.model->span).hint("write `model \"LeNet-5\"`, say");
    else network_.name = name->value;
  }

  // What `input` says; empty without it or after an error.
  std::optional<Shape> written_input(bool& good) {
    if (outline_.input == nullptr) return std::nullopt;
    const ast::Command& command = command_of(*outline_.input);
    good = false;
    if (command.arguments.size() != 1 || command.arguments[0].key || !command.blocks.empty()) {
      diagnostics_.error(kInputShape, outline_.input->span).hint("write `input 28x28x1`, say");
      return std::nullopt;
    }
    const ast::Expr& expr = *command.arguments[0].value;
    std::optional<Value> value = values_.evaluate(expr);
    const ParameterDef parameter{.name = "input", .kind = ValueKind::kExtents, .minimum = 1, .words = {}};
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
    if (!read) return std::nullopt;
    const auto& extents = std::get<std::vector<std::int64_t>>(*read);
    if (extents.size() > 3) {
      diagnostics_.error(kInputShape, expr.span).hint("784 is a vector, 28x28 a sequence, 28x28x1 an image");
      return std::nullopt;
    }
    good = true;
    constexpr ShapeKind kKinds[] = {ShapeKind::kVector, ShapeKind::kSequence, ShapeKind::kImage};
    return Shape{kKinds[extents.size() - 1], extents};
  }

  std::optional<Shape> read_input() {
    bool good = true;
    std::optional<Shape> written = written_input(good);
    if (!good) return std::nullopt;
    if (!written && !description_) {
      diagnostics_.error(kNoInput, network_.data.span, network_.data.kind).hint("say it: `input 28x28x1`");
      return std::nullopt;
    }
    if (written && description_ && *written != description_->sample) {
      DiagnosticBuilder error =
          diagnostics_.error(kInputNotData, command_of(*outline_.input).arguments[0].span, describe(*written),
                             describe(description_->sample));
      if (network_.data.span.begin != network_.data.span.end)
        error.label(network_.data.span, "this is " + describe(description_->sample));
      error.hint("the data says it by itself: `input` can be left out");
      return std::nullopt;
    }
    network_.input = written ? *written : description_->sample;
    if (network_.data.augment_span != Span{} && network_.input.kind != ShapeKind::kImage)
      diagnostics_.error(kAugmentNeedsImages, network_.data.augment_span, describe(network_.input));
    return network_.input;
  }

  void take_train(TrainSection& section) {
    DataSpec& data = network_.data;
    if (section.validation_span && data.validation)
      diagnostics_.error(kTwoValidations, *section.validation_span).label(data.span, "also here");
    if (section.validation) data.validation = section.validation;
    if (section.test) data.test = section.test;
    if (section.limit) data.limit = section.limit;
    network_.train = std::move(section.settings);
    check_amounts(section);
  }

  // What can be told before anything is loaded or allocated.
  void check_amounts(const TrainSection& section) {
    const TrainSettings& train = network_.train;
    const Span batch = section.batch_span.value_or(end_of_program());
    std::int64_t widest = 0;
    for (const Layer& layer : network_.layers)
      widest = std::max({widest, layer.input.elements(), layer.output.elements()});
    if (saturating_multiply(saturating_multiply(widest, 4), train.batch) > kMaxBatchBytes)
      diagnostics_.error(kBatchTooLarge, batch, train.batch);
    if (!description_ || description_->train == 0) return;
    const std::int64_t samples = check_limit(check_test());
    const std::optional<Amount>& validation = network_.data.validation;
    if (validation && samples_of(*validation, samples) >= samples)
      diagnostics_.error(kValidationTakesAll, validation->span, samples);
    if (network_.data.folds > samples)
      diagnostics_.error(kFewerThanFolds, network_.data.folds_span, network_.data.folds, samples);
    const std::int64_t batch_steps = train.samples_a_step();
    const std::int64_t steps = saturating_multiply((samples + batch_steps - 1) / batch_steps, train.epochs);
    if (steps > std::numeric_limits<std::int32_t>::max()) diagnostics_.error(kTooManySteps, batch);
  }

  // How many training samples are left, of `all`.
  std::int64_t check_limit(std::int64_t all) {
    const std::optional<Amount>& limit = network_.data.limit;
    if (!limit) return all;
    const std::int64_t wanted = samples_of(*limit, all);
    if (wanted == 0) diagnostics_.error(kLimitTakesNone, limit->span, all);
    if (wanted > all) diagnostics_.error(kPartTooLarge, limit->span, "limit", wanted, "training", all);
    return wanted == 0 ? all : std::min(wanted, all);
  }

  // How many samples are there to train on.
  std::int64_t check_test() {
    const std::optional<Amount>& test = network_.data.test;
    const std::int64_t all = description_->test, train = description_->train;
    if (description_->holds_out) {
      const std::int64_t taken = held_out(network_.data, *description_);
      if (taken < train) return train - taken;
      diagnostics_.error(kTestTakesAll, test->span, train);
      return train;
    }
    if (!test || test->value == 0 || (all > 0 && samples_of(*test, all) <= all)) return train;
    DiagnosticBuilder error = diagnostics_.error(kPartTooLarge, test->span, "test",
                                                 test->share ? 1 : samples_of(*test, all), "test", all);
    if (all == 0) error.hint("this data comes without a test part");
    return train;
  }

  void take_loss(const TrainSection& section) {
    const std::optional<std::int64_t> classes =
        description_ ? std::optional(description_->classes) : std::nullopt;
    std::optional<LossAnswer> answer =
        find_loss({section.loss, network_.layers.back(), classes, description_ ? description_->targets : 1,
                   network_.data.span, values_});
    if (!answer) return;
    network_.loss = std::move(answer->loss);
    network_.description =
        description_.value_or(DataDescription{.sample = network_.input, .classes = answer->classes});
    network_.train.metrics = choose_metrics(section.metrics, network_, diagnostics_);
    check_classes(section);
  }

  // What settings ask of the data's classes and parts.
  void check_classes(const TrainSection& section) {
    const TrainSettings& train = network_.train;
    const std::int64_t classes = network_.description.classes;
    if (const std::optional<ClassWeight>& weight = train.class_weight) {
      const auto count = static_cast<std::int64_t>(weight->weights.size());
      if (classes == 0) diagnostics_.error(kClassWeightNeedsClasses, weight->span);
      else if (count > 0 && count != classes)
        diagnostics_.error(kClassWeightCount, weight->span, count, classes);
    }
    const std::optional<Amount>& validation = network_.data.validation;
    const bool validates = validation && validation->value > 0;
    if (train.early_stop)
      check_monitor(*section.early_stop, train.early_stop->monitor, validates, classes > 0, diagnostics_);
    if (train.reduce_rate)
      check_monitor(*section.reduce_rate, train.reduce_rate->monitor, validates, classes > 0, diagnostics_);
  }

  const ast::Program& program_;
  const Sources& sources_;
  const Definitions& prelude_;
  const std::optional<DataDescription>& description_;
  const Overrides& overrides_;
  Diagnostics& diagnostics_;
  Outline outline_;
  Values values_;
  Network network_;
};

}  // namespace

std::optional<Network> build_network(const ast::Program& program, const Sources& sources,
                                     const Definitions& prelude, DataSpec data,
                                     const std::optional<DataDescription>& description,
                                     const Overrides& overrides, Diagnostics& diagnostics) {
  return NetworkBuilder(program, sources, prelude, std::move(data), description, overrides, diagnostics)
      .build();
}

}  // namespace netc

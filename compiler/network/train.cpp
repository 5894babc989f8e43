#include "compiler/network/train.h"

#include <algorithm>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"
#include "compiler/network/read_plateau.h"
#include "compiler/network/settings.h"
#include "compiler/network/text.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kSettingNeedsValue{"setting-needs-value", "`{}` takes one value"};
constexpr DiagnosticKind<std::string_view, std::string_view> kUnknownRule{"unknown-rule",
                                                                          "there is no {} `{}`"};
constexpr DiagnosticKind<> kTwoRates{"two-rates", "the learning rate is set twice"};
constexpr DiagnosticKind<> kTwoClips{"two-clips", "`clip` takes either `norm` or `value`"};
constexpr DiagnosticKind<std::int64_t, std::int64_t> kShardsDoNotDivide{
    "shards-do-not-divide", "{} shards do not divide a batch of {}"};
constexpr DiagnosticKind<std::string_view> kNoRate{
    "no-rate", "`reduce_lr` needs an optimizer with a setting `lr`, and `{}` has none"};
constexpr DiagnosticKind<> kClassWeightForm{"class-weight-form",
                                            "`class_weight` takes `balanced`, or a weight for each class"};

std::vector<GivenArgument> given(std::span<const ast::Argument* const> arguments) {
  std::vector<GivenArgument> result;
  for (const ast::Argument* argument : arguments) {
    result.push_back({argument->key ? &*argument->key : nullptr, argument->value.get()});
  }
  return result;
}

class TrainReader {
 public:
  TrainReader(const SettingList& settings, Values& values)
      : settings_(settings), values_(values), diagnostics_(values.diagnostics()), good_(settings.good()) {}

  std::optional<TrainSection> read() {
    read_count("epochs", 1, 1e6, section_.settings.epochs);
    read_count("batch", 1, 1e6, section_.settings.batch);
    read_count("seed", 0, 0x1p53, section_.settings.seed);
    if (const Setting* batch = settings_.find("batch")) section_.batch_span = batch->name.span;
    read_part("validation", section_.validation);
    if (const Setting* part = settings_.find("validation"); part != nullptr && !part->overridden)
      section_.validation_span = part->name.span;
    read_part("test", section_.test);
    read_part("limit", section_.limit);
    read_shards();
    read_clip();
    if (const Setting* metrics = settings_.find("metrics")) {
      section_.metrics = read_metrics(*metrics, values_);
      good_ = good_ && section_.metrics;
    }
    read_number("l1", section_.settings.penalty.l1);
    read_number("l2", section_.settings.penalty.l2);
    read_average();
    read_class_weight();
    read_plateaus();
    read_loss();
    read_optimizer();
    return good_ ? std::optional(std::move(section_)) : std::nullopt;
  }

 private:
  // The one value of a setting; null after an error or where it is not set.
  const ast::Expr* single(const Setting* setting) {
    if (setting == nullptr) return nullptr;
    if (setting->arguments.size() == 1 && !setting->arguments[0]->key)
      return setting->arguments[0]->value.get();
    // An override that did not parse is reported already.
    if (!setting->overridden) diagnostics_.error(kSettingNeedsValue, setting->name.span, setting->name.text);
    good_ = false;
    return nullptr;
  }

  template <typename Count>
  void read_count(std::string_view name, double minimum, double maximum, Count& result) {
    const ast::Expr* expr = single(settings_.find(name));
    if (expr == nullptr) return;
    const ParameterDef parameter{
        .name = name, .kind = ValueKind::kCount, .minimum = minimum, .maximum = maximum, .words = {}};
    std::optional<Value> value = values_.evaluate(*expr);
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr->span, diagnostics_) : std::nullopt;
    if (read) result = static_cast<Count>(std::get<std::int64_t>(*read));
    else good_ = false;
  }

  void read_part(std::string_view name, std::optional<Amount>& result) {
    const ast::Expr* expr = single(settings_.find(name));
    if (expr == nullptr) return;
    result = read_amount(name, *expr, values_);
    good_ = good_ && result.has_value();
  }

  void read_number(std::string_view name, double& result) {
    const ast::Expr* expr = single(settings_.find(name));
    if (expr == nullptr) return;
    std::optional<Value> value = values_.evaluate(*expr);
    std::optional<ArgumentValue> read =
        value ? read_value({.name = name, .kind = ValueKind::kNumber, .words = {}}, *value, expr->span,
                           diagnostics_)
              : std::nullopt;
    if (read) result = std::get<double>(*read);
    else good_ = false;
  }

  void read_shards() {
    TrainSettings& settings = section_.settings;
    const ast::Expr* expr = single(settings_.find("shards"));
    read_count("shards", 1, 1e6, settings.shards);
    if (expr == nullptr || settings.batch % settings.shards == 0) return;
    diagnostics_.error(kShardsDoNotDivide, expr->span, settings.shards, settings.batch);
    good_ = false;
  }

  // The arguments of a setting; empty after an error, or where it is not set.
  std::optional<Arguments> read_setting(const Setting* setting, std::span<const ParameterDef> parameters) {
    if (setting == nullptr) return std::nullopt;
    std::optional<ReadArguments> read = read_arguments({.name = setting->name.text, .parameters = parameters},
                                                       setting->name, setting->arguments, values_);
    good_ = good_ && read.has_value();
    return read ? std::optional(std::move(read->arguments)) : std::nullopt;
  }

  void read_clip() {
    constexpr double kLeast = 1e-30;
    const ParameterDef parameters[] = {
        {.name = "norm", .kind = ValueKind::kNumber, .minimum = kLeast, .words = {}},
        {.name = "value", .kind = ValueKind::kNumber, .minimum = kLeast, .words = {}}};
    const Setting* clip = settings_.find("clip");
    std::optional<Arguments> arguments = read_setting(clip, parameters);
    if (!arguments) return;
    if (arguments->has("norm") == arguments->has("value")) {
      diagnostics_.error(kTwoClips, clip->name.span).hint("write `clip norm=1`, or `clip value=0.5`");
      good_ = false;
      return;
    }
    if (arguments->has("norm")) section_.settings.clip_norm = arguments->number("norm", 1);
    else section_.settings.clip_value = arguments->number("value", 1);
  }

  void read_average() {
    const ParameterDef parameters[] = {
        {.name = "decay", .kind = ValueKind::kShare, .positional = true, .words = {}}};
    if (std::optional<Arguments> arguments = read_setting(settings_.find("ema"), parameters))
      section_.settings.average = arguments->number("decay", 0.999);
  }

  // How many there have to be, the data says.
  void read_class_weight() {
    const Setting* setting = settings_.find("class_weight");
    if (setting == nullptr) return;
    ClassWeight result{.weights = {}, .span = setting->name.span};
    const auto& arguments = setting->arguments;
    const auto* word =
        arguments.size() == 1 ? std::get_if<ast::NameUse>(&arguments[0]->value->node) : nullptr;
    const bool balanced = word != nullptr && word->name == "balanced" && !arguments[0]->key;
    bool good = !arguments.empty();
    for (const ast::Argument* argument : arguments) {
      if (balanced) break;
      good = good && !argument->key && add_class_weight(*argument->value, result.weights);
      if (!good_) return;
    }
    if (good) section_.settings.class_weight = std::move(result);
    else diagnostics_.error(kClassWeightForm, setting->name.span).hint("write `class_weight 1 5`, say");
    good_ = good_ && good;
  }

  // False where it is no number.
  bool add_class_weight(const ast::Expr& expr, std::vector<double>& weights) {
    const std::optional<Value> value = values_.evaluate(expr);
    if (!value) good_ = false;
    if (!value || !std::holds_alternative<double>(value->data)) return false;
    const ParameterDef parameter{.name = "class_weight", .kind = ValueKind::kNumber, .words = {}};
    std::optional<ArgumentValue> read = read_value(parameter, *value, expr.span, diagnostics_);
    if (read) weights.push_back(std::get<double>(*read));
    else good_ = false;
    return read.has_value();
  }

  void read_plateaus() {
    if (const Setting* setting = settings_.find("early_stop")) {
      section_.early_stop = *setting;
      section_.settings.early_stop = read_early_stop(*setting, values_);
      good_ = good_ && section_.settings.early_stop;
    }
    if (const Setting* setting = settings_.find("reduce_lr")) {
      section_.reduce_rate = *setting;
      section_.settings.reduce_rate = read_reduce_rate(*setting, values_);
      good_ = good_ && section_.settings.reduce_rate;
    }
  }

  // The first argument of `loss` or `optimizer`.
  std::optional<ast::Name> rule_name(const Setting& setting) {
    if (!setting.arguments.empty() && !setting.arguments[0]->key) {
      const ast::Argument& first = *setting.arguments[0];
      if (const auto* use = std::get_if<ast::NameUse>(&first.value->node))
        return ast::Name{use->name, first.span};
    }
    // The grammar wants a name, so this is an override that did not parse.
    good_ = false;
    return std::nullopt;
  }

  // A definition by name, a person's or the prelude's; null after an error.
  template <typename Table>
  auto find_rule(const ast::Name& name, std::string_view what, const Table& own, const Table& built_in) ->
      typename Table::mapped_type {
    if (auto found = own.find(name.text); found != own.end()) return found->second;
    if (auto found = built_in.find(name.text); found != built_in.end()) return found->second;
    good_ = false;
    std::vector<std::string> candidates;
    for (const Table* table : {&built_in, &own}) {
      for (const auto& [known, definition] : *table) candidates.push_back(known);
    }
    DiagnosticBuilder error = diagnostics_.error(kUnknownRule, name.span, what, name.text);
    if (std::optional<std::string> near = suggest(name.text, candidates))
      error.caret("did you mean `" + *near + "`?");
    return nullptr;
  }

  void read_loss() {
    const Setting* setting = settings_.find("loss");
    if (setting == nullptr) return;
    std::optional<ast::Name> name = rule_name(*setting);
    if (!name) return;
    const ast::FunctionDefinition* definition =
        find_rule(*name, "loss", values_.user().losses, values_.prelude().losses);
    if (definition == nullptr) return;
    const std::vector<GivenArgument> arguments = given(std::span(setting->arguments).subspan(1));
    std::optional<graph::ScalarFunction> function =
        bind_loss(*definition, name->span, arguments, values_.context());
    if (function) section_.loss = WrittenLoss{*name, std::move(*function)};
    else good_ = false;
  }

  void read_optimizer() {
    const Setting* setting = settings_.find("optimizer");
    ast::Name name{"adam", {}};
    if (setting != nullptr) {
      std::optional<ast::Name> written = rule_name(*setting);
      if (!written) return;
      name = std::move(*written);
    }
    const ast::OptimizerDefinition* definition =
        find_rule(name, "optimizer", values_.user().optimizers, values_.prelude().optimizers);
    if (definition == nullptr) return;
    std::span<const ast::Argument* const> written;
    if (setting != nullptr) written = std::span(setting->arguments).subspan(1);
    std::vector<GivenArgument> arguments = given(written);
    section_.settings.optimizer_text = name.text;
    add_rate(*definition, written, arguments);
    bind(*definition, name.span, arguments);
  }

  void bind(const ast::OptimizerDefinition& definition, Span use,
            const std::vector<GivenArgument>& arguments) {
    TrainSettings& settings = section_.settings;
    for (const GivenArgument& argument : arguments) {
      settings.optimizer_text += " " + (argument.key != nullptr ? argument.key->text + "=" : std::string());
      settings.optimizer_text += one_line(values_.sources(), argument.value->span);
    }
    RuleOptions options;
    if (settings.reduce_rate) options.least_rate = settings.reduce_rate->least;
    std::optional<OptimizerRule> rule =
        bind_optimizer(definition, use, arguments, options, values_.context());
    options.without_decay = true;
    std::optional<OptimizerRule> no_decay =
        bind_optimizer(definition, use, arguments, options, values_.context());
    if (!rule || !no_decay) {
      good_ = false;
      return;
    }
    if (settings.reduce_rate && !rule->rate) {
      diagnostics_.error(kNoRate, section_.reduce_rate->name.span, definition.name.text);
      good_ = false;
    }
    settings.optimizer = std::move(*rule);
    settings.optimizer_no_decay = std::move(*no_decay);
  }

  // Whether an argument without a key fills the parameter `lr`. A word that names a parameter is a flag and
  // fills no position.
  static bool is_rate(const ast::OptimizerDefinition& definition, const ast::Argument& argument,
                      std::size_t& position) {
    const auto* word = std::get_if<ast::NameUse>(&argument.value->node);
    auto named = [](std::string_view name) {
      return [name](const ast::Parameter& parameter) { return parameter.name.text == name; };
    };
    if (word != nullptr && std::ranges::any_of(definition.parameters, named(word->name))) return false;
    const std::size_t filled = position++;
    return filled < definition.parameters.size() && definition.parameters[filled].name.text == "lr";
  }

  // `lr` as a setting of its own, or from the command line, where it takes the place of the optimizer's
  // argument.
  void add_rate(const ast::OptimizerDefinition& definition, std::span<const ast::Argument* const> written,
                std::vector<GivenArgument>& arguments) {
    const Setting* rate = settings_.find("lr");
    const ast::Expr* value = single(rate);
    if (value == nullptr) return;
    std::size_t position = 0;
    for (std::size_t i = 0; i < written.size(); ++i) {
      const ast::Argument& argument = *written[i];
      if (!(argument.key ? argument.key->text == "lr" : is_rate(definition, argument, position))) continue;
      if (!rate->overridden) {
        diagnostics_.error(kTwoRates, rate->name.span).label(argument.span, "also here");
        good_ = false;
      }
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    rate_key_ = {"lr", rate->name.span};
    arguments.push_back({&rate_key_, value});
  }

  const SettingList& settings_;
  Values& values_;
  Diagnostics& diagnostics_;
  TrainSection section_;
  ast::Name rate_key_;
  bool good_;
};

}  // namespace

std::optional<TrainSection> read_train(const Outline& outline, const Overrides& overrides, Values& values) {
  SettingList settings(outline, overrides, values.sources(), values.diagnostics());
  return TrainReader(settings, values).read();
}

}  // namespace netc

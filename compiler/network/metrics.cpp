#include "compiler/network/metrics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/network/arguments.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using runtime::ChosenMetric;
using runtime::Metric;

constexpr DiagnosticKind<> kNoMetrics{"no-metrics", "`metrics` takes the names of metrics"};
constexpr DiagnosticKind<std::string_view> kUnknownMetric{"unknown-metric", "there is no metric `{}`"};
constexpr DiagnosticKind<std::string_view> kRepeatedMetric{"repeated-metric",
                                                           "the metric `{}` is given twice"};
constexpr DiagnosticKind<std::string_view> kMetricTakesNothing{"metric-takes-nothing",
                                                               "the metric `{}` takes no argument"};
constexpr DiagnosticKind<std::string_view, std::string_view> kMetricTakesOne{
    "metric-takes-one", "the metric `{}` takes one argument, its `{}`"};
constexpr DiagnosticKind<std::string_view, std::string_view, std::string_view> kMetricOfOtherTask{
    "metric-of-other-task", "the metric `{}` is for {}, but the target is {}"};
constexpr DiagnosticKind<std::string_view> kMetricNeedsProbabilities{
    "metric-needs-probabilities",
    "the metric `{}` needs probabilities of the classes, and the last layer makes none"};

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& metric : runtime::metrics()) names.emplace_back(metric.name);
  return names;
}

runtime::MetricTask task_of(const Network& network) {
  return network.description.classes > 0 ? runtime::MetricTask::kClasses : runtime::MetricTask::kNumbers;
}

class MetricReader {
 public:
  explicit MetricReader(Values& values) : values_(values), diagnostics_(values.diagnostics()) {}

  void add(const ast::Argument& argument) {
    const auto* word = std::get_if<ast::NameUse>(&argument.value->node);
    const auto* call = std::get_if<ast::Call>(&argument.value->node);
    if (argument.key || (word == nullptr && call == nullptr)) {
      fail(diagnostics_.error(kNoMetrics, argument.span)).hint("write `metrics f1 top_k(3)`, say");
      return;
    }
    const std::string& name = word != nullptr ? word->name : call->function.text;
    const Span place = word != nullptr ? argument.span : call->function.span;
    const Metric* metric = runtime::find_metric(name);
    if (metric == nullptr) return report_unknown(name, place);
    std::optional<std::int64_t> parameter = metric->parameter ? metric->parameter->standard : 0;
    if (call != nullptr) parameter = read_parameter(*metric, *call, argument.span);
    if (!parameter) return;
    const ChosenMetric chosen{metric, *parameter};
    const bool twice = std::ranges::any_of(list_, [&](const WrittenMetric& other) {
      return other.metric.metric == metric && other.metric.parameter == chosen.parameter;
    });
    if (twice) fail(diagnostics_.error(kRepeatedMetric, argument.span, name));
    list_.push_back({chosen, place});
  }

  std::optional<std::vector<WrittenMetric>> finish() {
    return good_ ? std::optional(std::move(list_)) : std::nullopt;
  }

 private:
  DiagnosticBuilder fail(DiagnosticBuilder error) {
    good_ = false;
    return error;
  }

  void report_unknown(const std::string& name, Span place) {
    DiagnosticBuilder error = fail(diagnostics_.error(kUnknownMetric, place, name));
    const std::vector<std::string> known = metric_names();
    if (std::optional<std::string> near = suggest(name, known)) error.caret("did you mean `" + *near + "`?");
    else error.hint(fmt::format("netc knows `{}`", fmt::join(known, "`, `")));
  }

  // `3` or `k=3`; empty after an error.
  std::optional<std::int64_t> read_parameter(const Metric& metric, const ast::Call& call, Span span) {
    if (!metric.parameter) {
      fail(diagnostics_.error(kMetricTakesNothing, span, metric.name));
      return std::nullopt;
    }
    const runtime::MetricParameter& wanted = *metric.parameter;
    if (call.arguments.size() != 1 || (call.arguments[0].key && call.arguments[0].key->text != wanted.name)) {
      fail(diagnostics_.error(kMetricTakesOne, span, metric.name, wanted.name));
      return std::nullopt;
    }
    const ParameterDef parameter{.name = wanted.name,
                                 .kind = ValueKind::kCount,
                                 .minimum = static_cast<double>(wanted.least),
                                 .maximum = static_cast<double>(wanted.most),
                                 .words = {}};
    const ast::Expr& expr = *call.arguments[0].value;
    std::optional<Value> value = values_.evaluate(expr);
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
    good_ = good_ && read;
    return read ? std::optional(std::get<std::int64_t>(*read)) : std::nullopt;
  }

  Values& values_;
  Diagnostics& diagnostics_;
  std::vector<WrittenMetric> list_;
  bool good_ = true;
};

}  // namespace

std::optional<std::vector<WrittenMetric>> read_metrics(const Setting& setting, Values& values) {
  if (setting.arguments.empty()) {
    values.diagnostics().error(kNoMetrics, setting.name.span).hint("write `metrics f1 top_k(3)`, say");
    return std::nullopt;
  }
  MetricReader reader(values);
  for (const ast::Argument* argument : setting.arguments) reader.add(*argument);
  return reader.finish();
}

std::vector<ChosenMetric> standard_metrics(const Network& network) {
  return runtime::standard_metrics(task_of(network), network.description.classes,
                                   makes_probabilities(network.layers.back()));
}

std::vector<ChosenMetric> choose_metrics(const std::optional<std::vector<WrittenMetric>>& written,
                                         const Network& network, Diagnostics& diagnostics) {
  if (!written) return standard_metrics(network);
  const std::int64_t classes = network.description.classes;
  const bool probabilities = makes_probabilities(network.layers.back());
  std::vector<ChosenMetric> chosen;
  for (const auto& [metric, span] : *written) {
    chosen.push_back(metric);
    const std::string_view name = metric.metric->name;
    if (metric.metric->task != task_of(network)) {
      diagnostics.error(kMetricOfOtherTask, span, name, classes > 0 ? "numbers" : "classes",
                        classes > 0 ? "a class" : "a number");
    } else if (metric.metric->needs_probabilities && !probabilities) {
      diagnostics.error(kMetricNeedsProbabilities, span, name)
          .label(network.layers.back().span, "this is the last layer");
    }
  }
  return chosen;
}

}  // namespace netc

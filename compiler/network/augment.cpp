#include "compiler/network/augment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

using runtime::Augmentation;

constexpr DiagnosticKind<> kAugmentNothing{"augment-nothing",
                                           "`augment` says in parentheses what is changed"};
constexpr DiagnosticKind<std::string_view> kUnknownAugmentation{"unknown-augmentation",
                                                                "`augment` knows no `{}`"};
constexpr DiagnosticKind<> kNotAnAugmentation{"not-an-augmentation",
                                              "`augment` takes names, some of them with a value"};
constexpr DiagnosticKind<std::string_view> kAugmentationNotBuilt{"augmentation-not-built",
                                                                 "`{}` of `augment` is not built yet"};
constexpr DiagnosticKind<std::string_view> kRepeatedAugmentation{"repeated-augmentation",
                                                                 "`{}` is given twice"};
constexpr DiagnosticKind<> kFlipTakesNothing{"flip-takes-nothing", "`flip` is a word of its own"};

constexpr AugmentationDef kAugmentations[] = {
    {"shift", &Augmentation::shift, 2, ValueKind::kCount, 1000},
    {"rotate", &Augmentation::rotate, 10, ValueKind::kNumber, 180},
    {"scale", &Augmentation::scale, 0.1, ValueKind::kShare, 1},
    {"brightness", &Augmentation::brightness, 0.1, ValueKind::kShare, 1},
    {"noise", &Augmentation::noise, 0.02, ValueKind::kShare, 1},
    {"cutout", &Augmentation::cutout, 8, ValueKind::kCount, 65536},
};
constexpr std::string_view kFlip = "flip";
constexpr std::string_view kPlanned[] = {"mixup"};

class AugmentationReader {
 public:
  explicit AugmentationReader(Values& values) : values_(values), diagnostics_(values.diagnostics()) {}

  void add(const ast::CallArgument& argument) {
    const auto* word = std::get_if<ast::NameUse>(&argument.value->node);
    if (argument.key) add_named(*argument.key, argument.value.get());
    else if (word != nullptr) add_named({word->name, argument.value->span}, nullptr);
    else
      fail(diagnostics_.error(kNotAnAugmentation, argument.value->span))
          .hint("write `augment(shift=2, flip)`, say");
  }

  std::optional<Augmentation> finish() const { return good_ ? std::optional(result_) : std::nullopt; }

 private:
  DiagnosticBuilder fail(DiagnosticBuilder error) {
    good_ = false;
    return error;
  }

  // `value` is null where the name stands alone.
  void add_named(const ast::Name& name, const ast::Expr* value) {
    if (!given_.insert(name.text).second)
      fail(diagnostics_.error(kRepeatedAugmentation, name.span, name.text));
    const auto* def = std::ranges::find(kAugmentations, name.text, &AugmentationDef::name);
    if (def != std::end(kAugmentations)) {
      result_.*def->value = value == nullptr ? def->alone : read(*def, *value);
    } else if (name.text == kFlip) {
      if (value != nullptr) fail(diagnostics_.error(kFlipTakesNothing, name.span));
      result_.flip = true;
    } else if (contains(kPlanned, name.text)) {
      fail(diagnostics_.error(kAugmentationNotBuilt, name.span, name.text));
    } else {
      report_unknown(name);
    }
  }

  double read(const AugmentationDef& def, const ast::Expr& expr) {
    const ParameterDef parameter{.name = def.name, .kind = def.kind, .maximum = def.maximum, .words = {}};
    std::optional<Value> value = values_.evaluate(expr);
    std::optional<ArgumentValue> read =
        value ? read_value(parameter, *value, expr.span, diagnostics_) : std::nullopt;
    good_ = good_ && read;
    if (!read) return 0;
    if (const auto* count = std::get_if<std::int64_t>(&*read)) return static_cast<double>(*count);
    return std::get<double>(*read);
  }

  void report_unknown(const ast::Name& name) {
    std::vector<std::string> known{std::string(kFlip)};
    for (const AugmentationDef& def : kAugmentations) known.emplace_back(def.name);
    DiagnosticBuilder error = fail(diagnostics_.error(kUnknownAugmentation, name.span, name.text));
    if (std::optional<std::string> near = suggest(name.text, known))
      error.caret("did you mean `" + *near + "`?");
    else error.hint(fmt::format("it knows `{}`", fmt::join(known, "`, `")));
  }

  Values& values_;
  Diagnostics& diagnostics_;
  std::set<std::string> given_;
  Augmentation result_;
  bool good_ = true;
};

}  // namespace

std::span<const AugmentationDef> augmentations() { return kAugmentations; }

std::optional<Augmentation> read_augmentation(const ast::Call& call, Span span, Values& values) {
  AugmentationReader reader(values);
  for (const ast::CallArgument& argument : call.arguments) reader.add(argument);
  std::optional<Augmentation> result = reader.finish();
  if (!result || result != Augmentation{}) return result;
  values.diagnostics().error(kAugmentNothing, span).hint("write `augment(shift=2, flip)`, say");
  return std::nullopt;
}

std::string print(const Augmentation& augmentation) {
  std::vector<std::string> words;
  for (const AugmentationDef& def : kAugmentations) {
    const double value = augmentation.*def.value;
    if (value == 0) continue;
    words.push_back(def.kind == ValueKind::kShare ? fmt::format("{}={}%", def.name, value * 100)
                                                  : fmt::format("{}={}", def.name, value));
  }
  if (augmentation.flip) words.emplace_back(kFlip);
  return fmt::format("augment({})", fmt::join(words, ", "));
}

}  // namespace netc

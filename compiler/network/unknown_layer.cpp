#include "compiler/network/unknown_layer.h"

#include "compiler/layers/layer.h"
#include "compiler/network/names.h"
#include "compiler/support/suggest.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view> kUnknownLayer{"unknown-layer", "there is no layer `{}`"};
constexpr DiagnosticKind<std::string_view> kLayerNotBuilt{"layer-not-built",
                                                          "the layer `{}` is not built yet"};
constexpr DiagnosticKind<std::string_view> kSettingOutside{"setting-outside", "`{}` is a setting of `train`"};
constexpr DiagnosticKind<std::string_view> kSectionInside{"section-inside",
                                                          "`{}` stands at the top level only"};
constexpr DiagnosticKind<std::string_view, std::string_view> kNotALayer{"not-a-layer",
                                                                        "`{}` is {}, not a layer"};

std::vector<std::string> layer_names(const Outline& outline, const Values& values) {
  std::vector<std::string> names;
  for (const LayerDef* def : layer_registry()) names.emplace_back(def->name);
  for (std::string_view name : planned_layers()) names.emplace_back(name);
  for (const auto& [name, block] : outline.blocks) names.push_back(name);
  for (std::string_view name : statement_names()) names.emplace_back(name);
  for (std::string& name : activation_names(values.prelude(), values.user()))
    names.push_back(std::move(name));
  return names;
}

}  // namespace

void report_unknown_layer(const ast::Name& place, const Outline& outline, const Values& values) {
  const auto& [name, span] = place;
  Diagnostics& diagnostics = values.diagnostics();
  if (contains(planned_layers(), name)) {
    diagnostics.error(kLayerNotBuilt, span, name);
  } else if (contains(statement_names(), name)) {
    diagnostics.error(kSectionInside, span, name);
  } else if (contains(train_settings(), name)) {
    diagnostics.error(kSettingOutside, span, name)
        .hint("write it in the section: `train { " + name + " ... }`");
  } else if (const Value* value = values.find(name)) {
    diagnostics.error(kNotALayer, span, name, describe(*value));
  } else if (std::string_view meaning = built_in_meaning(name, values.prelude()); !meaning.empty()) {
    diagnostics.error(kNotALayer, span, name, meaning);
  } else {
    DiagnosticBuilder error = diagnostics.error(kUnknownLayer, span, name);
    if (std::optional<std::string> near = suggest(name, layer_names(outline, values)))
      error.caret("did you mean `" + *near + "`?");
  }
}

}  // namespace netc

#include "compiler/prelude/prelude.h"

#include "compiler/prelude/embedded.h"
#include "compiler/support/check.h"
#include "compiler/support/overloaded.h"
#include "compiler/support/render.h"
#include "compiler/syntax/parse.h"

namespace netc {

void add_definitions(const ast::Program& program, Definitions& definitions) {
  for (const ast::Statement& statement : program.statements) {
    std::visit(overloaded{
                   [&](const ast::FunctionDefinition& definition) {
                     switch (definition.kind) {
                       case ast::FunctionKind::kActivation:
                         definitions.activations[definition.name.text] = &definition;
                         return;
                       case ast::FunctionKind::kLoss:
                         definitions.losses[definition.name.text] = &definition;
                         return;
                       case ast::FunctionKind::kSchedule:
                         definitions.schedules[definition.name.text] = &definition;
                         return;
                     }
                   },
                   [&](const ast::OptimizerDefinition& definition) {
                     definitions.optimizers[definition.name.text] = &definition;
                   },
                   [](const auto&) {},
               },
               statement.node);
  }
}

Definitions load_prelude(Sources& sources) {
  Definitions definitions;
  for (const EmbeddedFile& file : embedded_files()) {
    SourceId source = sources.add("<prelude>/" + std::string(file.name), std::string(file.text));
    Diagnostics diagnostics;
    std::optional<ast::Program> program = parse_program(sources, source, diagnostics);
    NETC_CHECK(program.has_value(), "the prelude does not parse:\n" + render_all(sources, diagnostics));
    definitions.programs.push_back(std::move(*program));
  }
  for (const ast::Program& program : definitions.programs) add_definitions(program, definitions);
  return definitions;
}

}  // namespace netc

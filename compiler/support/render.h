#pragma once
// How a diagnostic looks to a person: message, place, source lines with carets, labels, hints.

#include <string>

#include "compiler/support/diagnostics.h"

namespace netc {

struct RenderOptions {
  bool color = false;  // on a terminal only
};

// One diagnostic, ending in a newline:
//
//   error: there is no activation `rleu`
//     --> typo.net:1:11
//     |
//   1 | dense 128 rleu; dense 10 softmax
//     |           ^^^^ did you mean `relu`?
//     |
//     = hint: ...
std::string render(const Sources& sources, const Diagnostic& diagnostic, const RenderOptions& options = {});

// All of them in order, a blank line between two.
std::string render_all(const Sources& sources, const Diagnostics& diagnostics,
                       const RenderOptions& options = {});

}  // namespace netc

#include "compiler/syntax/read_tokens.h"

#include "compiler/syntax/layout.h"
#include "compiler/syntax/lex.h"
#include "compiler/syntax/literals.h"

namespace netc {

Tokens read_tokens(Reporter& reporter) {
  const Tokens tokens = lex(reporter);
  check_literals(tokens, reporter);
  return layout(tokens, reporter);
}

}  // namespace netc

#pragma once
// What is wrong where the parser cannot go on, in words.

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/tokens.h"

namespace netc {

struct Situation {
  const Tokens& tokens;
  std::size_t at;     // the token that does not fit
  std::size_t first;  // of the statement; `at` between statements
  TokenSet expected;  // what would have fitted
  bool in_expression = false;
  bool in_parentheses = false;  // of a call or of parameters
  bool in_parameters = false;

  // `offset` tokens behind `at`, or before it; the end where there is none.
  Token token(int offset = 0) const;
  TokenKind kind(int offset = 0) const { return token(offset).kind; }
  Token first_token() const { return tokens[first]; }
  // A statement that begins with a plain name: a layer, a setting.
  bool in_command() const { return first < at && first_token().kind == TokenKind::kName; }
};

// Reports one error, or none where the reason has been reported already.
void explain(const Situation& situation, Reporter& reporter);

// One kind of slip each; true where it was the one, and is reported.
using Slip = bool (*)(const Situation&, Reporter&);

// Tokens that are wrong in themselves, and words that are nearly others.
bool explain_word(const Situation& situation, Reporter& reporter);
// Slips within a line.
bool explain_slip(const Situation& situation, Reporter& reporter);

}  // namespace netc

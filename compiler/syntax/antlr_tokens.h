#pragma once
// Between the tokens of tokens.h and ANTLR's. Costly to include.

#include <NetcParser.h>

#include "compiler/support/check.h"
#include "compiler/syntax/tokens.h"

namespace netc {

inline TokenKind from_antlr(std::size_t type) {
  switch (type) {
    case antlr4::Token::EOF: return TokenKind::kEnd;
#define NETC_TOKEN(kind, rule, words) \
  case NetcParser::rule: return TokenKind::kind;
#include "compiler/syntax/tokens.def"
#undef NETC_TOKEN
  }
  NETC_CHECK(false, "a token of a type that tokens.def does not list");
}

inline std::size_t to_antlr(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEnd: return antlr4::Token::EOF;
#define NETC_TOKEN(kind, rule, words) \
  case TokenKind::kind: return NetcParser::rule;
#include "compiler/syntax/tokens.def"
#undef NETC_TOKEN
  }
  NETC_CHECK(false, "a token kind out of range");
}

}  // namespace netc

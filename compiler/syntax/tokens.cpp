#include "compiler/syntax/tokens.h"

namespace netc {

std::string_view grammar_name(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEnd: return "END";
#define NETC_TOKEN(kind, rule, words) \
  case TokenKind::kind: return #rule;
#include "compiler/syntax/tokens.def"
#undef NETC_TOKEN
  }
  return "";
}

std::string_view words_for(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEnd: return "the end of the file";
#define NETC_TOKEN(kind, rule, words) \
  case TokenKind::kind: return words;
#include "compiler/syntax/tokens.def"
#undef NETC_TOKEN
  }
  return "";
}

bool is_name(TokenKind kind) {
  return kind == TokenKind::kName || (kind >= TokenKind::kAs && kind <= TokenKind::kState);
}

bool is_reserved(TokenKind kind) {
  return kind >= TokenKind::kLet && kind <= TokenKind::kElse && !is_name(kind);
}

bool is_arithmetic(TokenKind kind) { return kind >= TokenKind::kPlus && kind <= TokenKind::kPower; }

bool is_comparison(TokenKind kind) { return kind >= TokenKind::kLess && kind <= TokenKind::kNotEqual; }

}  // namespace netc

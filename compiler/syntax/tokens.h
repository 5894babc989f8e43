#pragma once
// The words of a program, between lexer and parser. Spaces and comments are not among them.

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace netc {

enum class TokenKind : std::uint8_t {
  kEnd,
#define NETC_TOKEN(kind, rule, words) kind,
#include "compiler/syntax/tokens.def"
#undef NETC_TOKEN
};

// Bytes [begin, end) of the source. A separator that layout() makes up is empty.
struct Token {
  TokenKind kind;
  std::uint32_t begin, end;
};

// The last token is always a kEnd.
using Tokens = std::vector<Token>;

class TokenSet {
 public:
  void add(TokenKind kind) { bits_.set(static_cast<std::size_t>(kind)); }
  bool has(TokenKind kind) const { return bits_.test(static_cast<std::size_t>(kind)); }

 private:
  std::bitset<64> bits_;
};

// `NAME`, as Netc.g4 calls it.
std::string_view grammar_name(TokenKind kind);
// "a name", "`(`": as a message calls it.
std::string_view words_for(TokenKind kind);

// Usable as a name: also the words that mean something only where a statement or a parameter begins.
bool is_name(TokenKind kind);
// Meaning something everywhere, and so never a name.
bool is_reserved(TokenKind kind);
// + - * / ^
bool is_arithmetic(TokenKind kind);
// < <= > >= == !=
bool is_comparison(TokenKind kind);

}  // namespace netc

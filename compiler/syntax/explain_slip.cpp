#include "compiler/syntax/explain.h"

namespace netc {
namespace {

constexpr DiagnosticKind<> kMissingValue{"missing-value", "a value is missing behind this `=`"};
constexpr DiagnosticKind<std::string> kEqualsAfterName{"equals-after-name", "an unexpected `=` behind `{}`"};
constexpr DiagnosticKind<> kSingleEquals{"single-equals", "equality is written `==`"};
constexpr DiagnosticKind<std::string> kSpaceBeforeCall{"space-before-call",
                                                       "a space between `{}` and its `(`"};
constexpr DiagnosticKind<> kSlashComment{"slash-comment", "a comment begins with `#`"};
constexpr DiagnosticKind<> kDoubleStar{"double-star", "power is written `^`"};
constexpr DiagnosticKind<> kBareIf{"bare-if", "an `if` inside a larger expression needs parentheses"};
constexpr DiagnosticKind<> kMissingElse{"missing-else", "an `if` without its `else`"};
constexpr DiagnosticKind<> kChainedComparison{"chained-comparison", "comparisons do not chain"};
constexpr DiagnosticKind<> kDecimalComma{"decimal-comma", "the decimal point is `.`"};
constexpr DiagnosticKind<> kCommaBetweenArguments{"comma-between-arguments",
                                                  "arguments are separated by spaces"};
constexpr DiagnosticKind<> kBareExpression{"bare-expression",
                                           "an expression as an argument needs parentheses"};
constexpr DiagnosticKind<std::string> kParenthesizedArguments{
    "parenthesized-arguments", "the arguments of `{}` stand behind it without parentheses"};
constexpr DiagnosticKind<std::string> kNoParameters{"no-parameters",
                                                    "a definition of `{}` has no parameters"};
constexpr DiagnosticKind<std::string> kDefinitionWithoutBody{
    "definition-without-body", "`{}` with parentheses is a definition, and it has no body"};
constexpr DiagnosticKind<std::string> kLiteralParameter{"literal-parameter",
                                                        "a parameter is a name, not `{}`"};
constexpr DiagnosticKind<> kSweepWithoutComma{"sweep-without-comma",
                                              "the values of a sweep are separated by `,`"};
constexpr DiagnosticKind<> kBlockWithoutName{"block-without-name", "a block has a name before its `{{`"};

bool is_literal(TokenKind kind) { return kind >= TokenKind::kNumber && kind <= TokenKind::kString; }

// For a statement `loss f(…` or `optimizer f(…`.
std::string setting_hint(const Situation& s, const Reporter& reporter) {
  return fmt::format("a setting is written without parentheses: `{} {} key=value`",
                     reporter.quoted(s.first_token()), reporter.quoted(s.tokens[s.first + 1]));
}

bool ends_statement(TokenKind kind) { return kind == TokenKind::kSeparator || kind == TokenKind::kEnd; }

// `pad= stride=2`, `let a =`
bool missing_value(const Situation& s, Reporter& reporter) {
  const bool next_key =
      s.kind() == TokenKind::kAssign && is_name(s.kind(-1)) && s.kind(-2) == TokenKind::kAssign;
  const bool at_end = ends_statement(s.kind()) && s.kind(-1) == TokenKind::kAssign && s.at > s.first;
  const bool twice = s.kind() == TokenKind::kAssign && s.kind(-1) == TokenKind::kAssign;
  if (!next_key && !at_end && !twice) return false;
  DiagnosticBuilder diagnostic = reporter.error(kMissingValue, s.token(next_key ? -2 : -1));
  if (at_end && reporter.is_line_end(s.token())) diagnostic.hint("the value begins on the line of its `=`");
  return true;
}

// `dense = 128`
bool equals_after_name(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kAssign || !s.in_command() || s.at != s.first + 1) return false;
  const std::string name = reporter.quoted(s.first_token());
  reporter.error(kEqualsAfterName, s.token(), name)
      .hint(fmt::format("write `{0} …` for a layer or a setting, `let {0} = …` for a value", name));
  return true;
}

// `if x = 0 then …`
bool single_equals(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kAssign || !s.in_expression) return false;
  reporter.error(kSingleEquals, s.token());
  return true;
}

// `exp (x)`
bool space_before_call(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kLeftParen || !is_name(s.kind(-1))) return false;
  const std::string name = reporter.quoted(s.token(-1));
  reporter.error(kSpaceBeforeCall, reporter.span(s.token(-1), s.token()), name)
      .caret(fmt::format("write `{}(`", name));
  return true;
}

// `// words`
bool slash_comment(const Situation& s, Reporter& reporter) {
  const Token at = s.token(), before = s.token(-1), behind = s.token(1);
  if (at.kind != TokenKind::kDivide) return false;
  const bool second = before.kind == TokenKind::kDivide && before.end == at.begin;
  const bool first = behind.kind == TokenKind::kDivide && behind.begin == at.end;
  if (!first && !second) return false;
  reporter.error(kSlashComment, second ? reporter.span(before, at) : reporter.span(at, behind));
  return true;
}

// `x**2`
bool double_star(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kTimes || s.kind(-1) != TokenKind::kTimes) return false;
  reporter.error(kDoubleStar, reporter.span(s.token(-1), s.token()));
  return true;
}

// `1 + if x > 0 …`
bool bare_if(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kIf || !s.in_expression) return false;
  reporter.error(kBareIf, s.token()).caret("write `(if … then … else …)`");
  return true;
}

bool missing_else(const Situation& s, Reporter& reporter) {
  if (!s.expected.has(TokenKind::kElse)) return false;
  if (!ends_statement(s.kind()) && s.kind() != TokenKind::kRightParen) return false;
  const std::uint32_t end = s.token(-1).end;
  reporter.error(kMissingElse, Span{reporter.source(), end, end}).caret("`else …` is missing here");
  return true;
}

// `0 < x < 1`
bool chained_comparison(const Situation& s, Reporter& reporter) {
  if (!is_comparison(s.kind()) || !s.in_expression) return false;
  if (is_comparison(s.kind(-1)) || s.kind(-1) == TokenKind::kAssign) return false;
  reporter.error(kChainedComparison, s.token()).hint("multiply two of them: `(a < b) * (b < c)`");
  return true;
}

// `lr=0,1`
bool decimal_comma(const Situation& s, Reporter& reporter) {
  const bool numbers = s.kind(-1) == TokenKind::kNumber && s.kind(1) == TokenKind::kNumber;
  if (s.kind() != TokenKind::kComma || !numbers || s.token(1).begin != s.token().end) return false;
  if (s.token(-1).end != s.token().begin || s.in_parentheses) return false;
  reporter.error(kDecimalComma, s.token())
      .caret(fmt::format("write `{}.{}`", reporter.quoted(s.token(-1)), reporter.quoted(s.token(1))));
  return true;
}

// `dense 128, relu`
bool comma_between_arguments(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kComma || s.in_parentheses || s.in_expression || s.at == s.first) return false;
  reporter.error(kCommaBetweenArguments, s.token()).caret("remove it");
  return true;
}

// `epochs -1`
bool bare_negative(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kMinus || s.kind(1) != TokenKind::kNumber || !s.in_command()) return false;
  if (s.at != s.first + 1 || s.token(1).begin != s.token().end) return false;
  reporter.error(kBareExpression, reporter.span(s.token(), s.token(1)))
      .caret(fmt::format("write `(-{})`", reporter.quoted(s.token(1))));
  return true;
}

// `dense 2*width`
bool bare_expression(const Situation& s, Reporter& reporter) {
  if (!is_arithmetic(s.kind()) || s.in_expression || !s.in_command() || s.at == s.first + 1) return false;
  const bool value = s.kind() == TokenKind::kMinus && s.kind(-1) == TokenKind::kAssign;
  const std::string before = value ? "" : reporter.quoted(s.token(-1)) + " ";
  DiagnosticBuilder diagnostic =
      reporter.error(kBareExpression, s.token())
          .caret(fmt::format("write `({}{} …)`", before, reporter.quoted(s.token())));
  if (reporter.position(s.token()).line != reporter.position(s.token(-1)).line)
    diagnostic.hint("a line that begins with an operator goes on from the one before");
  return true;
}

// `dense(128)`
bool parenthesized_arguments(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kCall || !s.in_command() || s.at != s.first + 1) return false;
  const std::string name = reporter.quoted(s.first_token());
  reporter.error(kParenthesizedArguments, s.token(), name).hint(fmt::format("write `{} …`", name));
  return true;
}

// `loss f = 3`
bool no_parameters(const Situation& s, Reporter& reporter) {
  const TokenKind first = s.first_token().kind;
  const bool defines = first == TokenKind::kActivation || first == TokenKind::kSchedule ||
                       first == TokenKind::kLoss || first == TokenKind::kOptimizer ||
                       first == TokenKind::kBlock;
  if (!defines || s.kind() != TokenKind::kAssign || s.at != s.first + 2) return false;
  const std::string name = reporter.quoted(s.token(-1));
  reporter.error(kNoParameters, s.token(), name)
      .caret(fmt::format("write `{} {}(…)` before it", reporter.quoted(s.first_token()), name));
  return true;
}

// `optimizer sgd(lr=0.1)`
bool definition_without_body(const Situation& s, Reporter& reporter) {
  const TokenKind first = s.first_token().kind;
  if (first != TokenKind::kLoss && first != TokenKind::kOptimizer) return false;
  if (!ends_statement(s.kind()) || s.kind(-1) != TokenKind::kRightParen || s.in_expression) return false;
  const Token name = s.tokens[s.first + 1];
  reporter.error(kDefinitionWithoutBody, reporter.span(name, s.token(-1)), reporter.quoted(name))
      .caret(first == TokenKind::kLoss ? "`= …` would follow" : "`{ … }` would follow")
      .hint(setting_hint(s, reporter));
  return true;
}

// `block b(3)`, `loss huber(1.0)`
bool literal_parameter(const Situation& s, Reporter& reporter) {
  if (!s.in_parameters || !is_literal(s.kind()) || s.expected.has(TokenKind::kNumber)) return false;
  DiagnosticBuilder diagnostic = reporter.error(kLiteralParameter, s.token(), reporter.quoted(s.token()));
  const TokenKind first = s.first_token().kind;
  if (first == TokenKind::kLoss || first == TokenKind::kOptimizer) diagnostic.hint(setting_hint(s, reporter));
  return true;
}

// `sweep act = relu tanh`
bool sweep_without_comma(const Situation& s, Reporter& reporter) {
  const bool expected = s.expected.has(TokenKind::kComma) && s.expected.has(TokenKind::kSeparator);
  const bool value = is_name(s.kind()) || is_literal(s.kind());
  if (s.first_token().kind != TokenKind::kSweep || !expected || !value || s.in_parentheses) return false;
  const std::uint32_t end = s.token(-1).end;
  reporter.error(kSweepWithoutComma, Span{reporter.source(), end, end}).caret("a `,` is missing here");
  return true;
}

bool block_without_name(const Situation& s, Reporter& reporter) {
  if (s.kind() != TokenKind::kLeftBrace || !s.expected.has(TokenKind::kLet)) return false;
  reporter.error(kBlockWithoutName, s.token());
  return true;
}

}  // namespace

bool explain_slip(const Situation& situation, Reporter& reporter) {
  for (const Slip slip :
       {slash_comment, missing_value, equals_after_name, single_equals, space_before_call, double_star,
        bare_if, missing_else, chained_comparison, decimal_comma, comma_between_arguments, bare_negative,
        bare_expression, parenthesized_arguments, no_parameters, definition_without_body, literal_parameter,
        sweep_without_comma, block_without_name})
    if (slip(situation, reporter)) return true;
  return false;
}

}  // namespace netc

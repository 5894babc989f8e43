#pragma once
// The program as written: statements, arguments and expressions, each with its span. Names are not yet looked
// up and nothing is checked beyond the grammar; that `dense` is a layer and `train` a section is network/'s
// knowledge.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/support/source.h"

namespace netc::ast {

struct Name {
  std::string text;
  Span span;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// `3`, `1e-3`, and `10%` as 0.1. `integer`: written with digits alone.
struct Number {
  double value = 0;
  bool integer = false;
  bool percent = false;
};
// `28x28x1`
struct Extents {
  std::vector<std::int64_t> values;
};
// Escapes are resolved.
struct String {
  std::string value;
};
struct NameUse {
  std::string name;
};
// One argument of a call: `b=1.5` has a key.
struct CallArgument {
  std::optional<Name> key;
  ExprPtr value;
};
struct Call {
  Name function;
  std::vector<CallArgument> arguments;
};
struct Negate {
  ExprPtr operand;
};
enum class BinaryOp {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual
};
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
};
struct If {
  ExprPtr condition, then_value, else_value;
};

struct Expr {
  std::variant<Number, Extents, String, NameUse, Call, Negate, Binary, If> node;
  Span span;
};

// `128`, `relu`, `leaky_relu(0.1)`, `(2*n)`, or with a key `pad=same`. A flag is a NameUse without a key.
struct Argument {
  std::optional<Name> key;
  ExprPtr value;
  Span span;
};

struct Statement;

struct Block {
  std::vector<Statement> statements;
  Span span;  // with the braces
};

// A name with arguments, perhaps blocks, perhaps arguments behind the last block. `loss huber delta=1.0` and
// `optimizer adam` are commands too.
struct Command {
  Name name;
  std::vector<Argument> arguments;
  std::vector<Block> blocks;
  std::vector<Argument> trailing;
};
struct Let {
  Name name;
  ExprPtr value;
};
// `sweep act = sigmoid, tanh` has values; `sweep lr = 0.1 .. 1 log points=4` has first, last and options.
struct Sweep {
  Name name;
  std::vector<ExprPtr> values;
  ExprPtr first, last;
  std::vector<Argument> options;
};
struct Repeat {
  ExprPtr count;
  std::optional<Name> index;
  Block body;
};
// `x`, `a=1.0`, `learn a=0.25`
struct Parameter {
  Name name;
  ExprPtr default_value;  // may be null
  bool learn = false;
};
struct BlockDefinition {
  Name name;
  std::vector<Parameter> parameters;
  Block body;
};
enum class FunctionKind { kActivation, kLoss, kSchedule };
struct FunctionDefinition {
  FunctionKind kind;
  Name name;
  std::vector<Parameter> parameters;
  ExprPtr body;
};
// `state v = 0` or `v = mu * v + g`
struct Assignment {
  Name target;
  ExprPtr value;
  bool state = false;
  Span span;
};
struct OptimizerDefinition {
  Name name;
  std::vector<Parameter> parameters;
  std::vector<Assignment> body;
};

struct Statement {
  std::variant<Command, Let, Sweep, Repeat, BlockDefinition, FunctionDefinition, OptimizerDefinition> node;
  Span span;
};

struct Program {
  SourceId source{};
  std::vector<Statement> statements;
};

}  // namespace netc::ast

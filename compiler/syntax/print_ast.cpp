#include <fmt/format.h>

#include "compiler/support/overloaded.h"
#include "compiler/support/utf8.h"
#include "compiler/syntax/print.h"

namespace netc {
namespace {

std::string_view op_text(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::kAdd: return "+";
    case ast::BinaryOp::kSubtract: return "-";
    case ast::BinaryOp::kMultiply: return "*";
    case ast::BinaryOp::kDivide: return "/";
    case ast::BinaryOp::kPower: return "^";
    case ast::BinaryOp::kLess: return "<";
    case ast::BinaryOp::kLessEqual: return "<=";
    case ast::BinaryOp::kGreater: return ">";
    case ast::BinaryOp::kGreaterEqual: return ">=";
    case ast::BinaryOp::kEqual: return "==";
    case ast::BinaryOp::kNotEqual: return "!=";
  }
  return "";
}

std::string_view kind_text(ast::FunctionKind kind) {
  switch (kind) {
    case ast::FunctionKind::kActivation: return "activation";
    case ast::FunctionKind::kLoss: return "loss";
    case ast::FunctionKind::kSchedule: return "schedule";
  }
  return "";
}

std::string number_text(const ast::Number& number) {
  if (number.percent) return fmt::format("percent {}", number.value);
  return fmt::format("{} {}", number.integer ? "integer" : "number", number.value);
}

std::string extents_text(const ast::Extents& extents) {
  return fmt::format("extents {}", fmt::join(extents.values, "x"));
}

class Printer {
 public:
  explicit Printer(const Sources& sources) : sources_(sources) {}

  void statements(const std::vector<ast::Statement>& list) {
    for (const ast::Statement& statement : list)
      std::visit([&](const auto& node) { print(node, statement.span); }, statement.node);
  }
  std::string take() { return std::move(out_); }

 private:
  // One line, and what `children` prints indented below it.
  template <typename Children>
  void node(Span span, const std::string& text, Children children) {
    const Position position = sources_.position(span.source, span.begin);
    out_ += fmt::format("{}{}:{} {}\n", std::string(2 * depth_, ' '), position.line, position.column, text);
    ++depth_;
    children();
    --depth_;
  }
  void leaf(Span span, const std::string& text) {
    node(span, text, [] {});
  }

  void print(const ast::Command& command, Span span) {
    node(span, "command " + command.name.text, [&] {
      arguments(command.arguments);
      for (const ast::Block& block : command.blocks) print(block);
      arguments(command.trailing);
    });
  }
  void print(const ast::Let& let, Span span) {
    node(span, "let " + let.name.text, [&] { expr(let.value); });
  }
  void print(const ast::Sweep& sweep, Span span) {
    const bool range = sweep.first != nullptr;
    node(span, fmt::format("sweep {}{}", sweep.name.text, range ? " range" : ""), [&] {
      for (const ast::ExprPtr& value : sweep.values) expr(value);
      if (range) expr(sweep.first);
      if (range) expr(sweep.last);
      arguments(sweep.options);
    });
  }
  void print(const ast::Repeat& repeat, Span span) {
    node(span, repeat.index ? "repeat as " + repeat.index->text : "repeat", [&] {
      expr(repeat.count);
      print(repeat.body);
    });
  }
  void print(const ast::BlockDefinition& definition, Span span) {
    node(span, "define block " + definition.name.text, [&] {
      parameters(definition.parameters);
      print(definition.body);
    });
  }
  void print(const ast::FunctionDefinition& definition, Span span) {
    node(span, fmt::format("define {} {}", kind_text(definition.kind), definition.name.text), [&] {
      parameters(definition.parameters);
      expr(definition.body);
    });
  }
  void print(const ast::OptimizerDefinition& definition, Span span) {
    node(span, "define optimizer " + definition.name.text, [&] {
      parameters(definition.parameters);
      for (const ast::Assignment& assignment : definition.body)
        node(assignment.span, (assignment.state ? "state " : "assign ") + assignment.target.text,
             [&] { expr(assignment.value); });
    });
  }

  void print(const ast::Block& block) {
    node(block.span, "block", [&] { statements(block.statements); });
  }

  void arguments(const std::vector<ast::Argument>& list) {
    for (const ast::Argument& argument : list) keyed(argument.key, argument.value);
  }
  void keyed(const std::optional<ast::Name>& key, const ast::ExprPtr& value) {
    if (!key) return expr(value);
    node(key->span, "key " + key->text, [&] { expr(value); });
  }
  void parameters(const std::vector<ast::Parameter>& list) {
    for (const ast::Parameter& parameter : list)
      node(parameter.name.span,
           fmt::format("{} {}", parameter.learn ? "learn" : "parameter", parameter.name.text), [&] {
             if (parameter.default_value) expr(parameter.default_value);
           });
  }

  void expr(const ast::ExprPtr& pointer) {
    const Span span = pointer->span;
    std::visit(overloaded{
                   [&](const ast::Number& number) { leaf(span, number_text(number)); },
                   [&](const ast::Extents& extents) { leaf(span, extents_text(extents)); },
                   [&](const ast::String& string) {
                     leaf(span, fmt::format("string \"{}\"", printable(string.value)));
                   },
                   [&](const ast::NameUse& use) { leaf(span, "name " + use.name); },
                   [&](const ast::Call& call) {
                     node(span, "call " + call.function.text, [&] {
                       for (const ast::CallArgument& argument : call.arguments)
                         keyed(argument.key, argument.value);
                     });
                   },
                   [&](const ast::Negate& negate) { node(span, "negate", [&] { expr(negate.operand); }); },
                   [&](const ast::Binary& binary) {
                     node(span, std::string(op_text(binary.op)), [&] {
                       expr(binary.left);
                       expr(binary.right);
                     });
                   },
                   [&](const ast::If& choice) {
                     node(span, "if", [&] {
                       expr(choice.condition);
                       expr(choice.then_value);
                       expr(choice.else_value);
                     });
                   },
               },
               pointer->node);
  }

  const Sources& sources_;
  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string print_ast(const Sources& sources, const ast::Program& program) {
  Printer printer(sources);
  printer.statements(program.statements);
  return printer.take();
}

}  // namespace netc

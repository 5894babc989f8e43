#include "compiler/syntax/build_ast.h"

#include "compiler/support/check.h"
#include "compiler/syntax/build_expr.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string> kNotAtTopLevel{"not-at-top-level", "`{}` stands at the top level only"};

class Builder {
 public:
  Builder(const Tokens& tokens, Reporter& reporter) : reporter_(reporter), build_(tokens, reporter) {}

  std::vector<ast::Statement> statements(const std::vector<NetcParser::StatementContext*>& contexts) {
    std::vector<ast::Statement> statements;
    statements.reserve(contexts.size());
    for (NetcParser::StatementContext* context : contexts) statements.push_back(statement(context->form()));
    return statements;
  }

 private:
  ast::Statement statement(NetcParser::FormContext* form) { return {node(form), build_.span(form)}; }

  decltype(ast::Statement::node) node(NetcParser::FormContext* form) {
    if (auto* command = dynamic_cast<NetcParser::CommandContext*>(form)) return this->command(command);
    if (auto* repeat = dynamic_cast<NetcParser::RepeatContext*>(form)) return this->repeat(repeat);
    if (auto* loss = dynamic_cast<NetcParser::LossContext*>(form)) return this->loss(loss);
    if (auto* optimizer = dynamic_cast<NetcParser::OptimizerContext*>(form))
      return this->optimizer(optimizer);
    check_top_level(form);
    if (auto* let = dynamic_cast<NetcParser::LetContext*>(form))
      return ast::Let{build_.name(let->name()), build_.expr(let->expr())};
    if (auto* sweep = dynamic_cast<NetcParser::SweepContext*>(form)) return this->sweep(sweep);
    if (auto* function = dynamic_cast<NetcParser::FunctionContext*>(form)) return this->function(function);
    auto* definition = dynamic_cast<NetcParser::BlockDefinitionContext*>(form);
    NETC_CHECK(definition != nullptr, "a form of statement without a node");
    return ast::BlockDefinition{build_.name(definition->name()), build_.parameters(definition->parameters()),
                                block(definition->block())};
  }

  void check_top_level(NetcParser::FormContext* form) {
    const Token& word = build_.token(form->start);
    if (depth_ > 0) reporter_.error(kNotAtTopLevel, word, reporter_.quoted(word));
  }

  ast::Block block(NetcParser::BlockContext* context) {
    ++depth_;
    ast::Block block{statements(context->statement()), build_.span(context)};
    --depth_;
    return block;
  }

  // Arguments before the first block and behind the last are told apart by their places.
  ast::Command command(NetcParser::CommandContext* context) {
    ast::Command command{word(context), {}, {}, {}};
    const auto blocks = context->block();
    for (NetcParser::BlockContext* child : blocks) command.blocks.push_back(block(child));
    for (NetcParser::ArgumentContext* child : context->argument()) {
      const bool trails =
          !blocks.empty() && child->start->getTokenIndex() > blocks[0]->start->getTokenIndex();
      (trails ? command.trailing : command.arguments).push_back(build_.argument(child));
    }
    return command;
  }

  ast::Repeat repeat(NetcParser::RepeatContext* context) {
    ast::Repeat repeat{build_.atom(context->atom()), std::nullopt, block(context->block())};
    if (context->name() != nullptr) repeat.index = build_.name(context->name());
    return repeat;
  }

  ast::Sweep sweep(NetcParser::SweepContext* context) {
    ast::Sweep sweep{
        build_.name(context->name()), {}, nullptr, nullptr, build_.arguments(context->argument())};
    const auto values = context->expr();
    if (context->RANGE() != nullptr) {
      sweep.first = build_.expr(values[0]);
      sweep.last = build_.expr(values[1]);
      return sweep;
    }
    for (NetcParser::ExprContext* value : values) sweep.values.push_back(build_.expr(value));
    return sweep;
  }

  ast::FunctionDefinition function(NetcParser::FunctionContext* context) {
    const bool activation = context->kind->getType() == NetcParser::ACTIVATION;
    return {activation ? ast::FunctionKind::kActivation : ast::FunctionKind::kSchedule,
            build_.name(context->name()), build_.parameters(context->parameters()),
            build_.expr(context->expr())};
  }

  decltype(ast::Statement::node) loss(NetcParser::LossContext* context) {
    if (context->parameters() == nullptr) return setting(context, context->name(), context->argument());
    check_top_level(context);
    return ast::FunctionDefinition{ast::FunctionKind::kLoss, build_.name(context->name()),
                                   build_.parameters(context->parameters()), build_.expr(context->expr())};
  }

  decltype(ast::Statement::node) optimizer(NetcParser::OptimizerContext* context) {
    if (context->parameters() == nullptr) return setting(context, context->name(), context->argument());
    check_top_level(context);
    ast::OptimizerDefinition definition{
        build_.name(context->name()), build_.parameters(context->parameters()), {}};
    for (NetcParser::AssignmentContext* assignment : context->update()->assignment())
      definition.body.push_back({build_.name(assignment->name()), build_.expr(assignment->expr()),
                                 assignment->STATE() != nullptr,
                                 cover(build_.span(assignment->start), build_.span(assignment->expr()))});
    return definition;
  }

  // `loss huber delta=1.0`: a command like any other.
  ast::Command setting(NetcParser::FormContext* form, NetcParser::NameContext* chosen,
                       const std::vector<NetcParser::ArgumentContext*>& arguments) {
    ast::Command command{word(form), {}, {}, {}};
    const ast::Name name = build_.name(chosen);
    auto value = std::make_unique<ast::Expr>(ast::Expr{ast::NameUse{name.text}, name.span});
    command.arguments.push_back({std::nullopt, std::move(value), name.span});
    for (NetcParser::ArgumentContext* argument : arguments)
      command.arguments.push_back(build_.argument(argument));
    return command;
  }

  // The statement's first word.
  ast::Name word(NetcParser::FormContext* form) const {
    return {std::string(reporter_.text(build_.token(form->start))), build_.span(form->start)};
  }

  Reporter& reporter_;
  ExprBuilder build_;
  int depth_ = 0;  // of blocks
};

}  // namespace

ast::Program build_program(NetcParser::FileContext* tree, const Tokens& tokens, Reporter& reporter) {
  return {reporter.source(), Builder(tokens, reporter).statements(tree->statement())};
}

ast::ExprPtr build_expression(NetcParser::OnlyContext* tree, const Tokens& tokens, Reporter& reporter) {
  return ExprBuilder(tokens, reporter).expr(tree->expr());
}

}  // namespace netc

#include "compiler/network/layers.h"

#include <algorithm>

#include "compiler/network/arguments.h"
#include "compiler/network/names.h"
#include "compiler/network/text.h"
#include "compiler/network/unknown_layer.h"

namespace netc {
namespace {

constexpr DiagnosticKind<std::string_view, std::string_view, std::size_t> kBlockCount{
    "block-count", "`{}` takes {}, not {}"};
constexpr DiagnosticKind<std::string_view> kUnexpectedBlock{"unexpected-block", "`{}` takes no block"};
constexpr DiagnosticKind<std::string_view, std::string, std::string> kTooManyParameters{
    "too-many-parameters", "`{}` needs {} of parameters, more than the {} that netc allows"};
constexpr DiagnosticKind<std::string_view, std::string> kValueTooLarge{
    "value-too-large", "`{}` makes {}, more numbers than netc allows"};
constexpr DiagnosticKind<std::size_t> kTooManyLayers{"too-many-layers",
                                                     "the program makes more than {} layers"};
constexpr DiagnosticKind<std::string_view> kRecursiveBlock{"recursive-block",
                                                           "the block `{}` is made of itself"};
constexpr DiagnosticKind<> kBlocksTooDeep{"blocks-too-deep", "blocks are nested too deeply"};
constexpr DiagnosticKind<std::string_view, std::string_view> kLocalName{"local-name", "`{}` is {} already"};

constexpr std::size_t kMaxLayers = 10000;
constexpr std::size_t kMaxStatements = 100000;
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kShownUses = 2;  // of blocks, one in another, around a mistake
constexpr std::int64_t kMaxParameterBytes = std::int64_t{16} << 30;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

std::string bytes_text(std::int64_t bytes) {
  const double gib = static_cast<double>(bytes) / 0x1p30;
  return gib < 1e6 ? fmt::format("{:.0f} GiB", gib) : fmt::format("{:.0e} GiB", gib);
}

class LayerBuilder {
 public:
  LayerBuilder(const Outline& outline, const std::optional<Shape>& input, Span input_made_at, Values& values)
      : outline_(outline), values_(values), diagnostics_(values.diagnostics()), here_{input, input_made_at} {}

  LayerList build() {
    for (const auto& [name, block] : outline_.blocks) {
      for (const ast::Parameter& parameter : block->parameters) check_local(parameter.name);
    }
    for (const ast::Statement* statement : outline_.layers) add(*statement);
    return std::move(result_);
  }

 private:
  // What the next layer gets.
  struct Place {
    std::optional<Shape> shape;  // empty after an error
    Span made_at;                // what made it
    std::size_t made_by = kNetworkInput;
  };

  // Nothing is reported behind a layer that failed but what its own words get wrong.
  void lose_shape() {
    result_.good = false;
    here_.shape.reset();
  }

  void add(const ast::Statement& statement) {
    if (stopped_) return;
    if (++statements_ > kMaxStatements || result_.layers.size() >= kMaxLayers) {
      diagnostics_.error(kTooManyLayers, statement.span, kMaxLayers);
      stopped_ = true;
      lose_shape();
    } else if (const auto* repeat = std::get_if<ast::Repeat>(&statement.node)) {
      add_repeat(*repeat);
    } else if (const auto* command = std::get_if<ast::Command>(&statement.node)) {
      add_command(*command, statement.span);
    }
  }

  void add_body(const ast::Block& body, const Values::Locals& locals) {
    if (depth_ >= kMaxDepth) {
      diagnostics_.error(kBlocksTooDeep, body.span);
      lose_shape();
      return;
    }
    ++depth_;
    values_.push(locals);
    visible_.insert(visible_.end(), locals.begin(), locals.end());
    for (const ast::Statement& statement : body.statements) add(statement);
    visible_.resize(visible_.size() - locals.size());
    values_.pop(locals);
    --depth_;
  }

  void add_repeat(const ast::Repeat& repeat) {
    std::optional<Value> value = values_.evaluate(*repeat.count);
    const ParameterDef parameter{.name = "repeat",
                                 .kind = ValueKind::kCount,
                                 .minimum = 1,
                                 .maximum = static_cast<double>(kMaxLayers),
                                 .words = {}};
    std::optional<ArgumentValue> count =
        value ? read_value(parameter, *value, repeat.count->span, diagnostics_) : std::nullopt;
    if (!count) lose_shape();
    // After an error once is enough to check the body.
    const std::int64_t times = count ? std::get<std::int64_t>(*count) : 1;
    if (repeat.index && !check_local(*repeat.index)) return;
    for (std::int64_t i = 0; i < times && !stopped_; ++i) {
      ++statements_;
      Values::Locals locals;
      if (repeat.index) locals.emplace_back(repeat.index->text, Value{.data = static_cast<double>(i)});
      add_body(repeat.body, locals);
    }
  }

  // No shadowing: a parameter or an index is not called like anything else.
  bool check_local(const ast::Name& name) {
    std::string_view taken = built_in_meaning(name.text, values_.prelude());
    if (taken.empty() && (values_.find(name.text) != nullptr || values_.is_failed(name.text)))
      taken = "a value";
    if (taken.empty() && outline_.blocks.contains(name.text)) taken = "a block";
    if (taken.empty() && is_activation(name.text, values_.prelude(), values_.user())) taken = "an activation";
    if (taken.empty()) return true;
    diagnostics_.error(kLocalName, name.span, name.text, taken)
        .hint("there is no shadowing: choose another name");
    lose_shape();
    return false;
  }

  void add_command(const ast::Command& command, Span span) {
    const std::string& name = command.name.text;
    if (auto block = outline_.blocks.find(name); block != outline_.blocks.end()) {
      if (check_no_block(command)) add_block(*block->second, command, span);
    } else if (const LayerDef* def = find_layer(name)) {
      if (def->join) add_join(*def, command);
      else if (check_no_block(command)) add_layer(*def, command, span);
    } else if (is_activation(name, values_.prelude(), values_.user()) || is_activation_value(name)) {
      if (check_no_block(command)) add_activation(command, span);
    } else if (!values_.is_failed(name)) {
      report_unknown_layer(command.name, outline_, values_);
      lose_shape();
    } else {
      lose_shape();
    }
  }

  bool is_activation_value(const std::string& name) const {
    const Value* value = values_.find(name);
    return value != nullptr && std::holds_alternative<Activation>(value->data);
  }

  bool check_no_block(const ast::Command& command) {
    if (command.blocks.empty()) return true;
    diagnostics_.error(kUnexpectedBlock, command.blocks[0].span, command.name.text);
    lose_shape();
    return false;
  }

  void add_block(const ast::BlockDefinition& block, const ast::Command& command, Span span) {
    if (std::ranges::find(open_blocks_, &block) != open_blocks_.end()) {
      diagnostics_.error(kRecursiveBlock, command.name.span, block.name.text);
      lose_shape();
      return;
    }
    std::optional<Values::Locals> locals = block_arguments(block, command);
    if (!locals) {
      lose_shape();
      return;
    }
    // The body does not see the names of the body that it is used in.
    Values::Locals hidden = std::exchange(visible_, {});
    values_.pop(hidden);
    open_blocks_.push_back(&block);
    const std::size_t before = diagnostics_.count();
    add_body(block.body, *locals);
    // Of a deep nest the outer ones are enough to find one's way.
    if (open_blocks_.size() <= kShownUses) diagnostics_.label_since(before, span, "used here");
    open_blocks_.pop_back();
    values_.push(hidden);
    visible_ = std::move(hidden);
  }

  std::optional<Values::Locals> block_arguments(const ast::BlockDefinition& block,
                                                const ast::Command& command) {
    std::vector<GivenArgument> given;
    for (const ast::Argument& argument : command.arguments)
      given.push_back({argument.key ? &*argument.key : nullptr, argument.value.get()});
    Lowering lowering(values_.prelude(), values_.user(), diagnostics_);
    std::optional<MatchedArguments> matched =
        lowering.match(block.name.text, block.parameters, 0, given, command.name.span);
    if (!matched) return std::nullopt;
    Values::Locals locals;
    bool good = true;
    for (std::size_t i = 0; i < block.parameters.size(); ++i) {
      const ast::Parameter& parameter = block.parameters[i];
      std::optional<Value> value =
          values_.evaluate(matched->values[i] != nullptr ? *matched->values[i] : *parameter.default_value);
      good = good && value.has_value();
      locals.emplace_back(parameter.name.text, std::move(value));
    }
    return good ? std::optional(std::move(locals)) : std::nullopt;
  }

  Layer start_layer(Span name_span, Span span, std::string_view kind) {
    Layer layer;
    layer.name = fmt::format("{}_{}", kind, ++numbers_[std::string(kind)]);
    layer.span = span;
    layer.name_span = name_span;
    layer.text = one_line(values_.sources(), span);
    layer.inputs = {here_.made_by};
    return layer;
  }

  std::optional<ReadArguments> read(const LayerDef& def, const ast::Command& command) {
    std::vector<const ast::Argument*> arguments;
    for (const auto* list : {&command.arguments, &command.trailing}) {
      for (const ast::Argument& argument : *list) arguments.push_back(&argument);
    }
    return read_arguments({def.name, def.parameters, def.takes_activation}, command.name, arguments, values_);
  }

  void add_layer(const LayerDef& def, const ast::Command& command, Span span) {
    std::optional<ReadArguments> arguments = read(def, command);
    Layer layer = start_layer(command.name.span, span, def.name);
    layer.def = &def;
    if (!arguments) {
      lose_shape();
      return;
    }
    layer.arguments = std::move(arguments->arguments);
    layer.activation = std::move(arguments->activation);
    finish_layer(std::move(layer));
  }

  // A layer with blocks: each of them goes on from here, and the layer joins their ends.
  void add_join(const LayerDef& def, const ast::Command& command) {
    const bool good_blocks = check_block_count(*def.join, command);
    std::optional<ReadArguments> arguments = read(def, command);
    Span head = command.name.span;
    if (!command.arguments.empty()) head.end = command.arguments.back().span.end;
    Layer layer = start_layer(command.name.span, head, def.name);
    layer.def = &def;
    layer.text += block_text(command);
    layer.inputs.clear();
    const Place start = here_;
    std::vector<Joined> ends;
    auto end_here = [&] {
      if (!here_.shape) return;
      ends.push_back({*here_.shape, here_.made_at});
      layer.inputs.push_back(here_.made_by);
    };
    if (def.join->with_input) end_here();
    for (const ast::Block& block : command.blocks) {
      here_ = start;
      add_body(block, {});
      end_here();
    }
    if (!good_blocks || !arguments || ends.size() < command.blocks.size() + def.join->with_input) {
      lose_shape();
      return;
    }
    layer.input = *start.shape;
    layer.arguments = std::move(arguments->arguments);
    layer.activation = std::move(arguments->activation);
    take_layer(std::move(layer),
               [&](const Layer& joining) { return def.join->shape({ends, joining, diagnostics_}); });
  }

  // `{...} {...} relu`: the blocks, which are layers of their own, and what stands behind them.
  std::string block_text(const ast::Command& command) const {
    std::string text;
    for (std::size_t i = 0; i < command.blocks.size(); ++i) text += " {...}";
    for (const ast::Argument& argument : command.trailing)
      text += " " + one_line(values_.sources(), argument.span);
    return text;
  }

  bool check_block_count(const JoinDef& join, const ast::Command& command) {
    const std::size_t count = command.blocks.size();
    if (count >= join.fewest_blocks && count <= join.most_blocks) return true;
    diagnostics_.error(kBlockCount, count > 0 ? command.blocks.back().span : command.name.span,
                       command.name.text, join.most_blocks == 1 ? "one block" : "two blocks or more", count);
    return false;
  }

  void add_activation(const ast::Command& command, Span span) {
    std::optional<Activation> activation = read_activation(command);
    if (!activation) {
      lose_shape();
      return;
    }
    Layer layer = start_layer(command.name.span, span, kind_of(*activation));
    layer.def = &activation_layer();
    layer.activation = std::move(activation);
    finish_layer(std::move(layer));
  }

  // `leaky_relu 0.1`: as a line, its arguments stand behind it as those of any layer.
  std::optional<Activation> read_activation(const ast::Command& command) {
    const std::string& name = command.name.text;
    std::vector<GivenArgument> given;
    for (const ast::Argument& argument : command.arguments)
      given.push_back({argument.key ? &*argument.key : nullptr, argument.value.get()});
    return values_.bind_activation_named(name, command.name.span, given);
  }

  void finish_layer(Layer layer) {
    if (!here_.shape) return;
    layer.input = *here_.shape;
    take_layer(std::move(layer), [&](const Layer& typed) {
      return typed.def->shape({typed.input, typed, here_.made_at, diagnostics_});
    });
  }

  // An activation that makes fewer channels is a layer of its own, behind the one that it stands with.
  template <typename OutputShape>
  void take_layer(Layer layer, OutputShape output_shape) {
    const bool splits = layer.def != &activation_layer() && layer.activation && layer.activation->pieces > 1;
    std::optional<Activation> later = splits ? std::exchange(layer.activation, std::nullopt) : std::nullopt;
    const Span span = layer.span, name_span = layer.name_span;
    push_layer(std::move(layer), output_shape);
    if (!later || !here_.shape) return;
    Layer behind = start_layer(name_span, span, kind_of(*later));
    behind.def = &activation_layer();
    behind.text = later->name;
    behind.activation = std::move(later);
    finish_layer(std::move(behind));
  }

  static std::string kind_of(const Activation& activation) {
    return activation.name.substr(0, activation.name.find('('));
  }

  template <typename OutputShape>
  void push_layer(Layer layer, OutputShape output_shape) {
    std::optional<Shape> output = output_shape(std::as_const(layer));
    if (output) layer.output = std::move(*output);
    if (!output || !check_size(layer)) {
      lose_shape();
      return;
    }
    here_.shape = layer.output;
    here_.made_at = layer.span;
    here_.made_by = result_.layers.size();
    result_.layers.push_back(std::move(layer));
  }

  bool check_size(const Layer& layer) {
    const std::int64_t bytes = saturating_multiply(layer.def->parameters_count(layer), 4);
    total_bytes_ = bytes > kMaxParameterBytes ? bytes : total_bytes_ + bytes;
    if (total_bytes_ > kMaxParameterBytes) {
      diagnostics_.error(kTooManyParameters, layer.span, layer.text, bytes_text(total_bytes_),
                         bytes_text(kMaxParameterBytes));
      return false;
    }
    if (layer.output.elements() > kMaxElements) {
      diagnostics_.error(kValueTooLarge, layer.span, layer.text, describe(layer.output));
      return false;
    }
    return true;
  }

  const Outline& outline_;
  Values& values_;
  Diagnostics& diagnostics_;
  Place here_;
  LayerList result_;
  std::map<std::string, int> numbers_;  // by kind
  std::vector<const ast::BlockDefinition*> open_blocks_;
  Values::Locals visible_;  // parameters and indices that the statement at hand sees
  std::int64_t total_bytes_ = 0;
  std::size_t statements_ = 0;
  std::size_t depth_ = 0;
  bool stopped_ = false;
};

}  // namespace

LayerList build_layers(const Outline& outline, const std::optional<Shape>& input, Span input_made_at,
                       Values& values) {
  return LayerBuilder(outline, input, input_made_at, values).build();
}

}  // namespace netc

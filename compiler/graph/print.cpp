#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/graph/graph.h"
#include "compiler/support/overloaded.h"

namespace netc::graph {

namespace {

std::string_view spelling(DType dtype) {
  switch (dtype) {
    case DType::kU8: return "u8";
    case DType::kI32: return "i32";
    case DType::kF32: return "f32";
  }
  return "";
}

std::string_view spelling(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kSum: return "sum";
    case ReduceKind::kMax: return "max";
    case ReduceKind::kArgmax: return "argmax";
  }
  return "";
}

std::string_view spelling(Initializer::Kind kind) {
  switch (kind) {
    case Initializer::Kind::kConstant: return "=";
    case Initializer::Kind::kUniform: return "uniform";
    case Initializer::Kind::kNormal: return "normal";
    case Initializer::Kind::kOrthogonal: return "orthogonal";
  }
  return "";
}

std::string text(ValueId id) { return fmt::format("%{}", index(id)); }

// Of a domain: i, j, ... z, then a1, a2, ...
std::string axis_name(std::uint32_t axis) {
  constexpr std::uint32_t kLetters = 'z' - 'i' + 1;
  if (axis < kLetters) return std::string(1, static_cast<char>('i' + axis));
  return fmt::format("a{}", axis - kLetters + 1);
}

std::string text(const AffineIndex& entry) {
  std::string out;
  for (const AffineTerm& term : entry.terms) {
    std::int64_t size = term.coefficient < 0 ? -term.coefficient : term.coefficient;
    std::string factor = size == 1 ? axis_name(term.axis) : fmt::format("{}*{}", size, axis_name(term.axis));
    if (out.empty()) {
      out = (term.coefficient < 0 ? "-" : "") + factor;
    } else {
      out += (term.coefficient < 0 ? " - " : " + ") + factor;
    }
  }
  if (out.empty()) return fmt::format("{}", entry.offset);
  if (entry.offset > 0) out += fmt::format(" + {}", entry.offset);
  if (entry.offset < 0) out += fmt::format(" - {}", -entry.offset);
  return out;
}

std::string text(const IndexMap& map) {
  std::string out = "[";
  for (std::size_t i = 0; i < map.size(); ++i) out += (i == 0 ? "" : ", ") + text(map[i]);
  return out + "]";
}

std::string axes(std::size_t rank) {
  std::string out;
  for (std::uint32_t axis = 0; axis < rank; ++axis) out += (axis == 0 ? "" : ", ") + axis_name(axis);
  return out;
}

std::string domain_text(const Extents& domain) {
  if (domain.empty()) return "()";
  return fmt::format("({} in {})", axes(domain.size()), fmt::join(domain, ", "));
}

class Printer {
 public:
  Printer(const Graph& graph, const Sources* sources, std::string indent)
      : graph_(graph), sources_(sources), indent_(std::move(indent)) {}

  std::string print() {
    std::string out;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      out +=
          fmt::format("{}{} = {}{}\n", indent_, text(static_cast<ValueId>(i)), describe(node), remark(node));
    }
    for (const Output& output : graph_.outputs) {
      out += fmt::format("{}output {} = {}\n", indent_, output.name, text(output.value));
    }
    for (const Update& update : graph_.updates) {
      out += fmt::format("{}update {} = {}\n", indent_, text(update.leaf), text(update.next));
    }
    return out;
  }

 private:
  static bool is_leaf(const Node& node) {
    return std::holds_alternative<Input>(node.op) || std::holds_alternative<Parameter>(node.op) ||
           std::holds_alternative<State>(node.op);
  }

  std::string remark(const Node& node) const {
    std::string out = is_leaf(node) ? "" : node.name;
    if (sources_ && node.span.end > node.span.begin) {
      std::uint32_t line = sources_->position(node.span.source, node.span.begin).line;
      out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", sources_->name(node.span.source), line);
    }
    return out.empty() ? out : "  # " + out;
  }

  static std::string with_type(std::string_view kind, const Node& node) {
    return fmt::format("{} {}[{}]", kind, spelling(node.type.dtype), fmt::join(node.type.extents, ", "));
  }

  static std::string operand_list(const Node& node) {
    std::string out;
    for (ValueId operand : node.operands) out += fmt::format(" {}", text(operand));
    return out;
  }

  std::string describe(const Node& node) const {
    return std::visit(
        overloaded{
            [&](const Input&) { return fmt::format("{} \"{}\"", with_type("input", node), node.name); },
            [&](const Parameter& op) { return parameter(node, op); },
            [&](const State& op) {
              return fmt::format("{} \"{}\" = {}", with_type("state", node), node.name, op.initial);
            },
            [&](const Constant& op) { return constant(node, op); },
            [&](const Iota& op) { return fmt::format("{} axis {}", with_type("iota", node), op.axis); },
            [&](const Map& op) { return map(node, op); },
            [&](const Contract& op) { return contract(node, op); },
            [&](const Reduce& op) { return reduce(node, op); },
            [&](const Reshape&) { return with_type("reshape", node) + operand_list(node); },
            [&](const Remap& op) { return remap(node, op); },
            [&](const Concat& op) {
              return fmt::format("{} axis {}{}", with_type("concat", node), op.axis, operand_list(node));
            },
            [&](const Gather&) { return with_type("gather", node) + operand_list(node); },
            [&](const ScatterAdd&) { return with_type("scatter_add", node) + operand_list(node); },
            [&](const Random& op) {
              return fmt::format("{} stream {:#x}{}", with_type("random", node), op.stream,
                                 operand_list(node));
            },
            [&](const Scan& op) { return scan(node, op); },
            [&](const ScanResult& op) {
              return fmt::format("{}{} number {}", with_type("scan_result", node), operand_list(node),
                                 op.number);
            },
        },
        node.op);
  }

  static std::string parameter(const Node& node, const Parameter& op) {
    return fmt::format("{} \"{}\" {} {}{}", with_type("parameter", node), node.name,
                       spelling(op.initializer.kind), op.initializer.value, op.trained ? "" : " frozen");
  }

  static std::string constant(const Node& node, const Constant& op) {
    constexpr std::size_t kShown = 8;
    std::span<const double> shown = std::span(op.values).first(std::min(kShown, op.values.size()));
    std::string rest = op.values.size() > kShown ? fmt::format(", ... {} in all", op.values.size()) : "";
    return fmt::format("{} {}{}", with_type("constant", node), fmt::join(shown, ", "), rest);
  }

  static std::string map(const Node& node, const Map& op) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      names.push_back(text(node.operands[i]) + text(op.operands[i]));
    return fmt::format("{} ({}) {}", with_type("map", node), axes(node.type.extents.size()),
                       graph::print(op.expr, names));
  }

  static std::string contract(const Node& node, const Contract& op) {
    return fmt::format("{} {} a={}{} b={}{} -> {}", with_type("contract", node), domain_text(op.domain),
                       text(node.operands.at(0)), text(op.a), text(node.operands.at(1)), text(op.b),
                       text(op.result));
  }

  static std::string reduce(const Node& node, const Reduce& op) {
    return fmt::format("{} {} {}{} -> {}", with_type(fmt::format("reduce {}", spelling(op.kind)), node),
                       domain_text(op.domain), text(node.operands.at(0)), text(op.operand), text(op.result));
  }

  static std::string remap(const Node& node, const Remap& op) {
    return fmt::format("{} ({}) {}{}", with_type("remap", node), axes(node.type.extents.size()),
                       text(node.operands.at(0)), text(op.operand));
  }

  std::string scan(const Node& node, const Scan& op) const {
    return fmt::format("{} steps {} carries {} sequences {}{}{} {{\n{}{}}}", with_type("scan", node),
                       op.steps, op.carries, op.sequences, op.reverse ? " reverse" : "", operand_list(node),
                       Printer(*op.body, sources_, indent_ + "  ").print(), indent_);
  }

  const Graph& graph_;
  const Sources* sources_;
  std::string indent_;
};

}  // namespace

std::string print(const Graph& graph, const Sources* sources) { return Printer(graph, sources, "").print(); }

}  // namespace netc::graph

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

#include "compiler/kernel/kernel.h"
#include "compiler/support/overloaded.h"

namespace netc::kernel {

namespace {

std::string_view storage_name(Storage storage) {
  switch (storage) {
    case Storage::kSamples: return "samples";
    case Storage::kLabels: return "labels";
    case Storage::kNumbers: return "numbers";
    case Storage::kPersistent: return "persistent";
    case Storage::kArena: return "arena";
    case Storage::kPrivate: return "private";
  }
  return "";
}

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kU8: return "u8";
    case DType::kI32: return "i32";
    case DType::kF32: return "f32";
  }
  return "";
}

std::string_view kind_name(Statement::Kind kind) {
  switch (kind) {
    case Statement::Kind::kMap: return "map";
    case Statement::Kind::kSum: return "sum";
    case Statement::Kind::kMax: return "max";
    case Statement::Kind::kArgmax: return "argmax";
  }
  return "";
}

std::string_view extent_name(Statement::Extent extent) {
  switch (extent) {
    case Statement::Extent::kElement: return "element";
    case Statement::Extent::kRow: return "row";
    case Statement::Extent::kColumn: return "column";
  }
  return "";
}

// How buffers are named: by their names for people, by their place and layout for a signature.
class Printer {
 public:
  Printer(const Plan& plan, const Kernel& kernel, bool named) : plan_(plan), kernel_(kernel), named_(named) {}

  std::string buffer(BufferId id) const {
    if (named_) return plan_.buffer(id).name;
    std::size_t place = 0;
    while (kernel_.arguments[place] != id) ++place;
    const Buffer& buffer = plan_.buffer(id);
    return fmt::format(
        "#{}:{}:{}:{}:{}:{}:{}x{}:{}", place, dtype_name(buffer.dtype),
        static_cast<int>(buffer.storage <= Storage::kLabels ? buffer.storage : Storage::kArena),
        buffer.extents.size(), buffer.layout.row_stride, buffer.layout.block_stride, buffer.rows,
        buffer.columns, buffer.layout.minor_axis);
  }

  std::string operand(const Operand& operand) const {
    switch (operand.kind) {
      case Operand::Kind::kAccumulator: return "acc";
      case Operand::Kind::kElement: return buffer(operand.buffer) + "[r, c]";
      case Operand::Kind::kRow: return buffer(operand.buffer) + "[r]";
      case Operand::Kind::kColumn: return buffer(operand.buffer) + "[c]";
      case Operand::Kind::kScalar: return buffer(operand.buffer) + "[]";
      case Operand::Kind::kUniform: return fmt::format("u{}", operand.number);
      case Operand::Kind::kRowIndex: return "r";
      case Operand::Kind::kColumnIndex: return "c";
      case Operand::Kind::kStatement: return fmt::format("s{}", operand.number);
      case Operand::Kind::kStepNumber: return fmt::format("number{}", operand.number);
      case Operand::Kind::kAt: return at(operand);
      case Operand::Kind::kIndex: return index(operand.index[0]);
    }
    return "";
  }

  // Axes are d0, d1, ...: the kernel's, then a window's, then divisions.
  static std::string index(const AffineIndex& index) {
    std::string text;
    for (const graph::AffineTerm& term : index.terms) {
      text += text.empty() ? "" : " + ";
      text += term.coefficient == 1 ? fmt::format("d{}", term.axis)
                                    : fmt::format("{}*d{}", term.coefficient, term.axis);
    }
    if (index.offset != 0 || text.empty())
      text += fmt::format("{}{}", text.empty() ? "" : " + ", index.offset);
    return text;
  }

  static std::string inside(const std::vector<Range>& ranges) {
    std::string text;
    for (const Range& range : ranges)
      text += fmt::format("{}{} in {}", text.empty() ? " where " : ", ", index(range.index), range.extent);
    return text;
  }

  std::string at(const Operand& operand) const {
    std::vector<std::string> entries;
    for (const AffineIndex& entry : operand.index) entries.push_back(index(entry));
    return fmt::format("{}({})[{}{}]", buffer(operand.buffer), fmt::join(operand.extents, ", "),
                       fmt::join(entries, ", "), inside(operand.inside));
  }

  static std::string window(const Window& window) {
    std::string text = fmt::format("({})", fmt::join(window.extents, ", "));
    for (const Window::Division& division : window.divisions)
      text += fmt::format(" ({}) {} {}", index(division.dividend), division.remainder ? '%' : '/',
                          division.divisor);
    return text + inside(window.inside);
  }

  std::string form() const {
    return std::visit(
        overloaded{
            [&](const ContractKernel& f) { return contract(f); },
            [&](const RowsKernel&) { return std::string("rows"); },
            [&](const ColumnsKernel& f) {
              return "acc = sum over r of " + operand(kernel_.body.operands[f.operand]);
            },
            [&](const RandomKernel& f) {
              return fmt::format("{} = random stream {:#x}", buffer(f.result), f.stream);
            },
            [&](const RelayoutKernel& f) {
              return fmt::format("{} = {} with another axis along the columns, {} at a time", buffer(f.to),
                                 buffer(f.from), f.squares);
            },
            [&](const NonzeroKernel& f) {
              return fmt::format("{} = nonzero {} of {}{}", buffer(f.words), f.counts ? "rows" : "columns",
                                 buffer(f.from), f.counts ? ", counted in " + buffer(*f.counts) : "");
            },
            [&](const UniformsKernel& f) { return buffer(f.result) + " = step numbers" + uniforms(); }},
        kernel_.form);
  }

  std::string uniforms() const {
    const std::vector<std::string> names(kStepNumberNames.begin(), kStepNumberNames.end());
    std::string text;
    for (std::size_t i = 0; i < plan_.uniforms.size(); ++i)
      text += fmt::format("\n    u{} = {}", i, graph::print(plan_.uniforms[i], names));
    return text;
  }

  static std::string dots(const ContractKernel& f) {
    std::string text = fmt::format("as dot products, {} columns at once", f.dots->columns_at_once);
    const std::int64_t part = f.dots->blocks_at_once * kLanes;
    if (part < f.k) text += fmt::format(" for {} rows and {} k", f.dots->rows_at_once, part);
    return text;
  }

  std::string contract(const ContractKernel& f) const {
    if (f.positions) return positions(f, *f.positions);
    std::string text = fmt::format("acc = sum over k < {} of {}[r*{} + k*{}] * {}", f.k, buffer(f.a),
                                   f.a_row_stride, f.a_k_stride, buffer(f.b));
    text += f.dots ? fmt::format("[c*{} + k/16*{}]", f.dots->column_stride, f.dots->block_stride)
                   : fmt::format("[k*{} + c/16*{}]", f.b_k_stride, f.b_block_stride);
    text += fmt::format("\n    tile {} x {}, ", f.row_tile, f.block_tile * kLanes);
    text += f.dots ? dots(f) : fmt::format("unroll {}", f.unroll);
    text += fmt::format(", {} of {} row tiles at a time", f.row_group, row_tiles(kernel_));
    if (f.fetched) text += ", fetching " + buffer(f.fetched->samples) + " of the next batch";
    if (f.defers) text += ", its statements beside the next tile";
    if (f.fetches_next) text += ", fetching the next columns of " + buffer(f.b);
    if (f.fetches_result) text += ", fetching what it writes";
    text += parts_of_k(f);
    if (!f.nonzeros) return text;
    const Nonzeros& n = *f.nonzeros;
    return text +
           fmt::format("\n    with at most {} nonzeros of {}: those of {}[r*{} + k/32*{}], tile {} x {}",
                       n.most, buffer(n.counts), buffer(n.words), n.row_stride, n.word_stride, n.row_tile,
                       n.block_tile * kLanes);
  }

  std::string positions(const ContractKernel& f, const Positions& p) const {
    std::string text = fmt::format("acc = sum over k of {} * {}", buffer(f.a), buffer(f.b));
    for (std::size_t i = 0; i < p.rows.size(); ++i) {
      text += fmt::format("{}r{} < {}", i == 0 ? ", " : " and ", i, p.rows[i].extent);
      if (p.rows[i].b_stride > 0) text += fmt::format(" (b: {} each)", p.rows[i].b_stride);
      if (p.rows[i].step > 1) text += fmt::format(" by {}", p.rows[i].step);
    }
    if (p.by_channel) text += ", by channel";
    for (const Positions::Phase& one : p.phases) text += "\n    " + phase(f, p, one);
    text += fmt::format("\n    tile {} x {}, unroll {}, {} of {} row tiles at a time", f.row_tile,
                        f.block_tile * kLanes, f.unroll, f.row_group, row_tiles(kernel_));
    if (p.pieces > 1) text += fmt::format(", {} to each last row axis", p.pieces);
    return text + parts_of_k(f);
  }

  std::string parts_of_k(const ContractKernel& f) const {
    if (!f.k_blocks) return "";
    std::string text = fmt::format("\n    {} of k{} at a time", f.k_blocks->size, f.k_blocks->axis);
    if (f.k_blocks->sums) text += " with the sums in " + buffer(*f.k_blocks->sums);
    if (const auto& p = f.k_blocks->panels)
      text += fmt::format(", copied to {}: a by {} to panels of {}, b by {} to {}", buffer(p->memory),
                          p->a_place, p->a_places, p->b_place, p->b_offset);
    return text;
  }

  static std::string phase(const ContractKernel& f, const Positions& p, const Positions::Phase& phase) {
    std::string a = fmt::format("{}", phase.a_offset), b = fmt::format("{}", phase.b_offset), ks;
    for (std::size_t i = 0; i < p.rows.size(); ++i) a += fmt::format(" + r{}*{}", i, p.rows[i].a_stride);
    for (std::size_t i = 0; i < phase.ks.size(); ++i) {
      const Positions::KAxis& k = phase.ks[i];
      a += fmt::format(" + k{}*{}", i, k.a_stride);
      b += fmt::format(" + k{}*{}", i, k.b_stride);
      ks += fmt::format(", k{} < {}", i, k.extent);
      if (!k.border) continue;
      ks += fmt::format(" where {}*r{} + {}*k{} + {} in {}", k.border->row_factor, k.border->row_axis,
                        k.border->factor, i, k.border->offset, k.border->extent);
    }
    return fmt::format("[{}] * [{} + c/16*{}]{}", a, b, f.b_block_stride, ks);
  }

  std::string statements() const {
    std::vector<std::string> names;
    for (const Operand& op : kernel_.body.operands) names.push_back(operand(op));
    std::string text;
    for (std::size_t i = 0; i < kernel_.body.statements.size(); ++i) {
      const Statement& statement = kernel_.body.statements[i];
      std::string value = graph::print(ScalarExpr{kernel_.body.pool, statement.root}, names);
      std::string what = statement.kind == Statement::Kind::kMap
                             ? value
                             : fmt::format("{} over {} of {}", kind_name(statement.kind),
                                           statement.window ? window(*statement.window) : "c", value);
      text += fmt::format("    s{} ({}) = {}{}\n", i, extent_name(statement.extent), what,
                          statement.store ? " -> " + buffer(*statement.store) : "");
    }
    return text;
  }

 private:
  const Plan& plan_;
  const Kernel& kernel_;
  bool named_;
};

std::string lines_of(const Kernel& kernel, const Sources* sources) {
  std::string text;
  if (!sources) return text;
  for (Span span : kernel.spans) {
    std::string place =
        fmt::format("{}:{}", sources->name(span.source), sources->position(span.source, span.begin).line);
    if (text.find(place) == std::string::npos) text += (text.empty() ? "   # " : ", ") + place;
  }
  return text;
}

}  // namespace

std::string print(const Plan& plan, const Sources* sources) {
  std::string text =
      fmt::format("plan: {} kernels, arena {} bytes, private {} bytes, persistent {} bytes\n\n",
                  plan.kernels.size(), plan.arena_bytes, plan.private_bytes, plan.persistent_bytes);
  for (const Buffer& buffer : plan.buffers) {
    fmt::format_to(std::back_inserter(text), "buffer {} {}[{}] {}{}{} rows {} columns {} strides {} {}\n",
                   buffer.name, dtype_name(buffer.dtype), fmt::join(buffer.extents, ", "),
                   storage_name(buffer.storage),
                   buffer.storage == Storage::kArena || buffer.storage == Storage::kPrivate
                       ? fmt::format("+{}", buffer.offset)
                       : "",
                   buffer.parts > 1 ? fmt::format(", one of {} parts", buffer.parts) : "", buffer.rows,
                   buffer.columns, buffer.layout.row_stride, buffer.layout.block_stride);
  }
  text += "\n";
  for (std::size_t i = 0; i < plan.kernels.size(); ++i) {
    const Kernel& kernel = plan.kernels[i];
    if (i == plan.check_before) text += "-- the loss is tested\n";
    if (kernel.barrier_before) text += "-- barrier\n";
    if (kernel.band > 1) text += fmt::format("-- {} kernels in {} parts\n", kernel.band, kernel.parts);
    Printer printer(plan, kernel, true);
    fmt::format_to(std::back_inserter(text), "kernel {} {} x {}, {} tiles over {}{}{}{}\n    {}\n{}",
                   kernel.name, kernel.rows, kernel.columns, kernel.tiles,
                   kernel.parallel == Axis::kRows ? "rows" : "columns",
                   kernel.together > 1 ? fmt::format(", {} together", kernel.together) : "",
                   kernel.replicated ? ", replicated" : "", lines_of(kernel, sources), printer.form(),
                   printer.statements());
  }
  return text;
}

std::string signature(const Plan& plan, const Kernel& kernel) {
  Printer printer(plan, kernel, false);
  return fmt::format("{} {} ({}) {} {}\n{}\n{}", kernel.rows, kernel.columns, fmt::join(kernel.extents, ","),
                     kernel.tiles, static_cast<int>(kernel.parallel), printer.form(), printer.statements());
}

}  // namespace netc::kernel

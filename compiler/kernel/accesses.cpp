#include "compiler/kernel/accesses.h"

#include <algorithm>

#include "compiler/graph/index_map.h"
#include "compiler/kernel/buffers.h"
#include "compiler/support/overloaded.h"

namespace netc::kernel {

namespace {

constexpr std::int64_t kEndless = std::int64_t{1} << 40;

class Finder {
 public:
  Finder(const Plan& plan, Kernel& kernel) : plan_(plan), kernel_(kernel) {}

  void run() {
    std::visit(overloaded{[&](const ContractKernel& form) { contract(form); }, [&](const RowsKernel&) {},
                          [&](const ColumnsKernel&) {}, [&](const RandomKernel& form) { random(form); },
                          [&](const RelayoutKernel& form) { relayout(form); },
                          [&](const NonzeroKernel& form) { nonzero(form); },
                          [&](const UniformsKernel& form) { uniforms(form); }},
               kernel_.form);
    for (const Operand& operand : kernel_.body.operands) read(operand);
    for (const Statement& statement : kernel_.body.statements) write(statement);
  }

 private:
  // Which of a buffer's elements belong to a tile: `unit` of them, along `axis`, to each row, block of
  // columns or other unit of the kernel's parallel axis.
  struct Cut {
    std::uint32_t axis = 0;
    std::int64_t unit = 1;
  };

  // What the tiles of a sample's rows touch belongs to that sample.
  void add(BufferId buffer, bool is_write, std::optional<Cut> cut) {
    add(buffer, is_write, cut, cut && kernel_.samples() > 0);
  }

  void add(BufferId buffer, bool is_write, std::optional<Cut> cut, bool by_sample) {
    if (std::find(kernel_.arguments.begin(), kernel_.arguments.end(), buffer) == kernel_.arguments.end())
      kernel_.arguments.push_back(buffer);
    Access access;
    access.buffer = buffer;
    access.write = is_write;
    if (cut && !kernel_.replicated)
      access = {buffer, is_write, cut->axis, parallel_extent(kernel_), kernel_.shares(), cut->unit};
    if (kernel_.parts > 1) access = {buffer, is_write, {}};
    if (kernel_.parts > 1 && by_sample)
      access = {buffer, is_write, 0, plan_.buffer(buffer).extents[0], kernel_.parts, 1};
    access.by_sample = by_sample;
    if (std::find(kernel_.accesses.begin(), kernel_.accesses.end(), access) == kernel_.accesses.end())
      kernel_.accesses.push_back(access);
  }

  std::int64_t unit() const { return kernel_.parallel == Axis::kColumns ? kLanes : 1; }

  // The cut of a buffer that is used element by element.
  std::optional<Cut> elements(BufferId id) const {
    const Buffer& buffer = plan_.buffer(id);
    const bool columns = kernel_.parallel == Axis::kColumns;
    if (buffer.extents.size() < 2) {
      const bool lies_along_rows = kernel_.rows > 1;
      return columns != lies_along_rows ? std::optional(Cut{0, unit()}) : std::nullopt;
    }
    if (columns) return Cut{buffer.layout.minor_axis, unit()};
    return follows(buffer, kernel_) ? Cut{kFlat, kernel_.columns} : Cut{kMajor};
  }

  // A vector along the kernel's `axis` is cut only if the tiles cut that axis.
  std::optional<Cut> vector(Axis axis) const {
    return kernel_.parallel == axis ? std::optional(Cut{0, unit()}) : std::nullopt;
  }

  void read(const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::kElement: return add(operand.buffer, false, elements(operand.buffer));
      case Operand::Kind::kRow: return add(operand.buffer, false, vector(Axis::kRows));
      case Operand::Kind::kColumn: return add(operand.buffer, false, vector(Axis::kColumns));
      case Operand::Kind::kAt: return add(operand.buffer, false, std::nullopt, is_at_sample(operand));
      case Operand::Kind::kScalar:
      case Operand::Kind::kUniform: return add(operand.buffer, false, std::nullopt);
      case Operand::Kind::kAccumulator:
      case Operand::Kind::kRowIndex:
      case Operand::Kind::kColumnIndex:
      case Operand::Kind::kIndex:
      case Operand::Kind::kStatement:
      case Operand::Kind::kStepNumber: return;
    }
  }

  // Of the points' axes: divisions come last, and count here as if they had no end.
  bool is_at_sample(const Operand& operand) const {
    if (kernel_.samples() == 0 || operand.extents.empty()) return false;
    graph::Extents domain = kernel_.extents;
    for (const Statement& statement : kernel_.body.statements) {
      if (!statement.window) continue;
      domain.insert(domain.end(), statement.window->extents.begin(), statement.window->extents.end());
      domain.resize(domain.size() + statement.window->divisions.size(), kEndless);
      break;
    }
    return graph::is_in_parts(operand.index[0], 0, domain, operand.extents[0]);
  }

  void write(const Statement& statement) {
    if (!statement.store) return;
    switch (statement.extent) {
      case Statement::Extent::kElement: return add(*statement.store, true, elements(*statement.store));
      case Statement::Extent::kRow: return add(*statement.store, true, vector(Axis::kRows));
      case Statement::Extent::kColumn: return add(*statement.store, true, vector(Axis::kColumns));
    }
  }

  // Rows of the kernel run along a's axis that is not k: the major one where k is contiguous, else the minor
  // one.
  void contract(const ContractKernel& form) {
    const Buffer& a = plan_.buffer(form.a);
    if (form.k_blocks) parts_of_k(*form.k_blocks);
    if (form.positions) return positions(form);
    const bool k_is_minor = form.a_k_stride == 1 && form.a_row_stride != 1;
    const Cut rows = !k_is_minor    ? Cut{a.layout.minor_axis, unit()}
                     : a.is_dense() ? Cut{kFlat, form.a_row_stride}
                                    : Cut{kMajor};
    add(form.a, false, kernel_.parallel == Axis::kRows ? std::optional(rows) : std::nullopt);
    const Cut columns{form.dots ? kMajor : plan_.buffer(form.b).layout.minor_axis, unit()};
    add(form.b, false, kernel_.parallel == Axis::kColumns ? std::optional(columns) : std::nullopt);
    if (form.fetched) add(form.fetched->samples, false, std::nullopt);
    if (!form.nonzeros) return;
    add(form.nonzeros->words, false, std::nullopt);
    add(form.nonzeros->counts, false, std::nullopt);
  }

  void parts_of_k(const KBlocks& blocks) {
    if (blocks.sums)
      add(*blocks.sums, true, kernel_.parallel == Axis::kColumns ? Cut{1, kLanes} : Cut{kMajor});
    if (blocks.panels) add(blocks.panels->memory, true, std::nullopt, kernel_.samples() > 0);
  }

  // Tiles read over their rows' ends.
  void positions(const ContractKernel& form) {
    add(form.a, false, std::nullopt, form.positions->by_sample && kernel_.samples() > 0);
    const Cut columns{plan_.buffer(form.b).layout.minor_axis, unit()};
    add(form.b, false, kernel_.parallel == Axis::kColumns ? std::optional(columns) : std::nullopt,
        form.positions->b_by_sample && kernel_.samples() > 0);
  }

  // From words of the rows, a column's words need all of them.
  void nonzero(const NonzeroKernel& form) {
    add(form.from, false, form.counts ? elements(form.from) : std::nullopt);
    add(form.words, true, elements(form.words));
    if (form.counts) add(*form.counts, true, vector(Axis::kRows));
  }

  void random(const RandomKernel& form) {
    add(form.result, true, Cut{kFlat, 64});
    add(plan_.uniforms_buffer, false, std::nullopt);
  }

  void relayout(const RelayoutKernel& form) {
    const std::uint32_t axis = plan_.buffer(form.from).layout.minor_axis;
    const bool matrix = plan_.buffer(form.from).extents.size() == 2;
    add(form.from, false, Cut{axis, unit()});
    add(form.to, true, Cut{matrix ? kMajor : axis, unit()});
  }

  void uniforms(const UniformsKernel& form) {
    add(form.result, true, std::nullopt);
    add(form.numbers, false, std::nullopt);
  }

  const Plan& plan_;
  Kernel& kernel_;
};

}  // namespace

void find_accesses(const Plan& plan, Kernel& kernel) {
  kernel.arguments.clear();
  kernel.accesses.clear();
  Finder(plan, kernel).run();
}

}  // namespace netc::kernel

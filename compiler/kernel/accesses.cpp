#include "compiler/kernel/accesses.h"

#include <algorithm>

#include "compiler/support/overloaded.h"

namespace netc::kernel {

namespace {

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
  void add(BufferId buffer, bool is_write, std::optional<std::uint32_t> axis) {
    if (std::find(kernel_.arguments.begin(), kernel_.arguments.end(), buffer) == kernel_.arguments.end())
      kernel_.arguments.push_back(buffer);
    Access access{buffer, is_write, kernel_.replicated ? std::nullopt : axis};
    if (access.axis) {
      access.extent = parallel_extent(kernel_);
      access.tiles = kernel_.tiles;
      access.unit = *axis == kFlat ? 64 : kernel_.parallel == Axis::kColumns ? kLanes : 1;
    }
    if (std::find(kernel_.accesses.begin(), kernel_.accesses.end(), access) == kernel_.accesses.end())
      kernel_.accesses.push_back(access);
  }

  // The tensor axis of an element buffer that the tiles cut.
  std::optional<std::uint32_t> element_axis(BufferId id) const {
    const Buffer& buffer = plan_.buffer(id);
    const bool columns = kernel_.parallel == Axis::kColumns;
    if (buffer.extents.size() < 2) {
      const bool lies_along_rows = kernel_.rows > 1;
      return columns != lies_along_rows ? std::optional<std::uint32_t>(0) : std::nullopt;
    }
    return columns ? buffer.layout.minor_axis : 1 - buffer.layout.minor_axis;
  }

  // A vector along the kernel's `axis` is cut only if the tiles cut that axis.
  std::optional<std::uint32_t> vector_axis(Axis axis) const {
    return kernel_.parallel == axis ? std::optional<std::uint32_t>(0) : std::nullopt;
  }

  void read(const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::kElement: return add(operand.buffer, false, element_axis(operand.buffer));
      case Operand::Kind::kRow: return add(operand.buffer, false, vector_axis(Axis::kRows));
      case Operand::Kind::kColumn: return add(operand.buffer, false, vector_axis(Axis::kColumns));
      case Operand::Kind::kScalar:
      case Operand::Kind::kUniform: return add(operand.buffer, false, std::nullopt);
      case Operand::Kind::kAccumulator:
      case Operand::Kind::kRowIndex:
      case Operand::Kind::kColumnIndex:
      case Operand::Kind::kStatement:
      case Operand::Kind::kStepNumber: return;
    }
  }

  void write(const Statement& statement) {
    if (!statement.store) return;
    switch (statement.extent) {
      case Statement::Extent::kElement: return add(*statement.store, true, element_axis(*statement.store));
      case Statement::Extent::kRow: return add(*statement.store, true, vector_axis(Axis::kRows));
      case Statement::Extent::kColumn: return add(*statement.store, true, vector_axis(Axis::kColumns));
    }
  }

  // Rows of the kernel run along a's axis that is not k: the major one where k is contiguous, else the minor
  // one.
  void contract(const ContractKernel& form) {
    const Buffer& a = plan_.buffer(form.a);
    const bool k_is_minor = form.a_k_stride == 1 && form.a_row_stride != 1;
    const std::uint32_t row_axis = k_is_minor ? 1 - a.layout.minor_axis : a.layout.minor_axis;
    add(form.a, false, kernel_.parallel == Axis::kRows ? std::optional(row_axis) : std::nullopt);
    const std::uint32_t b_minor_axis = plan_.buffer(form.b).layout.minor_axis;
    const std::uint32_t column_axis = form.dots ? 1 - b_minor_axis : b_minor_axis;
    add(form.b, false, kernel_.parallel == Axis::kColumns ? std::optional(column_axis) : std::nullopt);
    if (form.fetched) add(*form.fetched, false, std::nullopt);
    if (!form.nonzeros) return;
    add(form.nonzeros->words, false, std::nullopt);
    add(form.nonzeros->counts, false, std::nullopt);
  }

  // From words of the rows, a column's words need all of them.
  void nonzero(const NonzeroKernel& form) {
    add(form.from, false, form.counts ? element_axis(form.from) : std::nullopt);
    add(form.words, true, element_axis(form.words));
    if (form.counts) add(*form.counts, true, vector_axis(Axis::kRows));
  }

  void random(const RandomKernel& form) {
    add(form.result, true, kFlat);
    add(plan_.uniforms_buffer, false, std::nullopt);
  }

  void relayout(const RelayoutKernel& form) {
    const std::uint32_t axis = plan_.buffer(form.from).layout.minor_axis;
    add(form.from, false, axis);
    add(form.to, true, axis);
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

#include "compiler/kernel/nonzeros.h"

#include <algorithm>

namespace netc::kernel {

namespace {

constexpr std::int64_t kWordBits = 32;
constexpr std::int64_t kAsTheyAre = -1;
// Shorter sums than this are not worth the search for their zeros.
constexpr std::int64_t kLeastProducts = 16;
// The share of numbers that are not zero up to which passing over the others is faster.
constexpr double kMostAlongRows = 0.35, kMostAlongColumns = 0.45;

// The bytes that a kernel reads element by element: floats are seldom zeros.
std::optional<BufferId> samples_of(const Plan& plan, const Kernel& kernel) {
  for (const Operand& operand : kernel.body.operands) {
    const Buffer& buffer = plan.buffer(operand.buffer);
    const bool bytes = buffer.storage == Storage::kSamples && buffer.dtype == DType::kU8;
    if (bytes && operand.kind == Operand::Kind::kElement) return operand.buffer;
  }
  return std::nullopt;
}

// Matrices that a kernel over rows makes of samples.
std::vector<BufferId> made_of_samples(const Plan& plan, const Kernel& kernel) {
  std::vector<BufferId> made;
  if (!std::holds_alternative<RowsKernel>(kernel.form) || !samples_of(plan, kernel)) return made;
  for (const Statement& statement : kernel.body.statements) {
    const bool matrix = statement.store && statement.extent == Statement::Extent::kElement &&
                        plan.buffer(*statement.store).extents.size() >= 2 &&
                        plan.buffer(*statement.store).rows == kernel.rows;
    if (matrix) made.push_back(*statement.store);
  }
  return made;
}

class Marker {
 public:
  // Kernel `producer` makes `matrix`.
  Marker(Plan& plan, BufferId matrix, std::size_t producer, const ScheduleOverrides& overrides)
      : plan_(plan), overrides_(overrides), matrix_(matrix), producer_(producer) {}

  void run() {
    for (std::size_t k = producer_ + 1; k < plan_.kernels.size(); ++k) {
      if (is_wanted(plan_.kernels[k])) readers_.push_back(k);
    }
    if (readers_.empty()) return;
    // From the last kernel to the first, since each one that is added moves those behind it.
    const bool by_columns = std::any_of(readers_.begin(), readers_.end(),
                                        [&](std::size_t k) { return !is_along_rows(contract(k)); });
    make_buffers(by_columns);
    for (std::size_t k : readers_) attach(contract(k));
    if (by_columns) insert(readers_[0], {rows_, columns_, std::nullopt}, "nonzero columns");
    insert(producer_ + 1, {matrix_, rows_, counts_}, "nonzero rows");
  }

 private:
  const Buffer& matrix() const { return plan_.buffer(matrix_); }
  ContractKernel& contract(std::size_t k) { return std::get<ContractKernel>(plan_.kernels[k].form); }

  bool is_wanted(const Kernel& kernel) const {
    const auto* contract = std::get_if<ContractKernel>(&kernel.form);
    return contract && contract->a == matrix_ && contract->b != matrix_ && !contract->dots &&
           !contract->positions && contract->k >= kLeastProducts &&
           wished(overrides_, kernel, "nonzeros", kAsTheyAre) != 0;
  }
  // Does k run along the matrix's rows?
  bool is_along_rows(const ContractKernel& contract) const {
    return contract.a_k_stride == 1 && contract.a_row_stride == matrix().layout.row_stride;
  }

  BufferId add(std::string name, graph::Extents extents) {
    Buffer buffer;
    buffer.name = matrix().name + name;
    buffer.dtype = DType::kI32;
    buffer.extents = extents;
    buffer.columns = extents.back();
    if (extents.size() == 2) {
      buffer.rows = extents[0];
      buffer.layout = {1, buffer.columns, kLanes};
    }
    buffer.bytes = (buffer.rows * buffer.columns + kLanes) / kLanes * kLanes * 4;
    plan_.buffers.push_back(std::move(buffer));
    return static_cast<BufferId>(plan_.buffers.size() - 1);
  }

  void make_buffers(bool by_columns) {
    const std::int64_t rows = matrix().rows, columns = matrix().columns;
    rows_ = add(".nonzero", {rows, (columns + kWordBits - 1) / kWordBits});
    counts_ = add(".nonzero_counts", {rows});
    if (by_columns) {
      columns_ = add(".nonzero_columns", {(rows + kWordBits - 1) / kWordBits, blocks_of(columns) * kLanes});
    }
  }

  void attach(ContractKernel& contract) {
    const bool along_rows = is_along_rows(contract);
    Nonzeros nonzeros;
    nonzeros.words = along_rows ? rows_ : columns_;
    nonzeros.counts = counts_;
    const std::int64_t stride = plan_.buffer(nonzeros.words).layout.row_stride;
    nonzeros.row_stride = along_rows ? stride : 1;
    nonzeros.word_stride = along_rows ? 1 : stride;
    nonzeros.counted = matrix().rows;
    nonzeros.most = static_cast<std::int64_t>((along_rows ? kMostAlongRows : kMostAlongColumns) *
                                              static_cast<double>(matrix().rows * matrix().columns));
    contract.nonzeros = nonzeros;
  }

  void insert(std::size_t place, const NonzeroKernel& form, const char* name) {
    Kernel kernel;
    kernel.name = name;
    kernel.form = form;
    kernel.rows = matrix().rows;
    kernel.columns = matrix().columns;
    kernel.spans = plan_.kernels[producer_].spans;
    if (place <= plan_.check_before) ++plan_.check_before;
    plan_.kernels.insert(plan_.kernels.begin() + static_cast<std::ptrdiff_t>(place), std::move(kernel));
  }

  Plan& plan_;
  const ScheduleOverrides& overrides_;
  BufferId matrix_;
  std::size_t producer_;
  std::vector<std::size_t> readers_;
  BufferId rows_{}, columns_{}, counts_{};
};

}  // namespace

void add_nonzeros(Plan& plan, const ScheduleOverrides& overrides) {
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    for (BufferId matrix : made_of_samples(plan, plan.kernels[k])) Marker(plan, matrix, k, overrides).run();
  }
}

void add_fetches(Plan& plan) {
  for (const Kernel& kernel : plan.kernels) {
    ContractKernel* last = nullptr;
    for (BufferId matrix : made_of_samples(plan, kernel)) {
      for (Kernel& reader : plan.kernels) {
        auto* contract = std::get_if<ContractKernel>(&reader.form);
        if (contract && contract->a == matrix && !contract->positions) last = contract;
      }
    }
    if (last) last->fetched = Fetched{*samples_of(plan, kernel)};
  }
}

}  // namespace netc::kernel

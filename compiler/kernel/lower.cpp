#include "compiler/kernel/lower.h"

#include <algorithm>
#include <string_view>

#include "compiler/kernel/accesses.h"
#include "compiler/kernel/bands.h"
#include "compiler/kernel/barriers.h"
#include "compiler/kernel/body_builder.h"
#include "compiler/kernel/buffers.h"
#include "compiler/kernel/contraction.h"
#include "compiler/kernel/convolution.h"
#include "compiler/kernel/grouping.h"
#include "compiler/kernel/k_blocks.h"
#include "compiler/kernel/memory.h"
#include "compiler/kernel/nonzeros.h"
#include "compiler/kernel/order.h"
#include "compiler/kernel/part_sums.h"
#include "compiler/kernel/replicas.h"
#include "compiler/kernel/schedule.h"
#include "compiler/kernel/uniforms.h"
#include "compiler/support/check.h"

namespace netc::kernel {

using graph::ValueId;

namespace {

struct Fused {
  Grouping grouping;
  Order order;
};

// Fuses as much as possible; updates that cannot be fused get kernels of their own, and those that read what
// the other writes one in common.
std::optional<Fused> fuse(const Facts& facts, Diagnostics& diagnostics) {
  Apart apart;
  for (;;) {
    std::optional<Grouping> grouping = group_nodes(facts, apart, diagnostics);
    if (!grouping) return std::nullopt;
    auto order = order_groups(facts, *grouping);
    if (auto* found = std::get_if<Order>(&order)) return Fused{std::move(*grouping), std::move(*found)};
    const std::size_t before = apart.updates.size();
    apart.updates.merge(std::get<std::set<ValueId>>(order));
    if (apart.updates.size() > before) continue;
    NETC_CHECK(!apart.together, "updates in kernels of their own can always be ordered");
    apart.together = true;
  }
}

// Values that a group computes and others read, or that are outputs.
std::set<ValueId> wanted_outside(const Facts& facts, const Grouping& grouping) {
  std::set<ValueId> wanted;
  for (std::size_t i = 0; i < facts.graph().nodes.size(); ++i) {
    const int reader = grouping.group_of[i];
    if (reader < 0) continue;
    for (ValueId operand : facts.graph().nodes[i].operands) {
      const int maker = grouping.of(facts, operand);
      if (maker >= 0 && maker != reader) wanted.insert(facts.root(operand));
    }
  }
  for (const graph::Output& output : facts.graph().outputs) {
    if (grouping.of(facts, output.value) >= 0) wanted.insert(facts.root(output.value));
  }
  return wanted;
}

class Lowering {
 public:
  Lowering(const Facts& facts, const Fused& fused, const Target& target, const ScheduleOverrides& overrides)
      : facts_(facts),
        fused_(fused),
        target_(target),
        overrides_(overrides),
        buffers_(facts, plan_),
        wanted_(wanted_outside(facts, fused.grouping)) {}

  Plan run() {
    choose_orientations();
    add_uniforms_kernel();
    for (std::size_t i = 0; i < fused_.order.groups.size(); ++i) {
      if (i == fused_.order.check_before) plan_.check_before = plan_.kernels.size();
      lower_group(fused_.order.groups[i]);
    }
    if (fused_.order.check_before == fused_.order.groups.size()) plan_.check_before = plan_.kernels.size();
    add_relayouts();
    add_nonzeros(plan_, overrides_);
    add_fetches(plan_);
    finish();
    return std::move(plan_);
  }

 private:
  bool updates_of(int group, std::vector<ValueId>& leaves) const {
    for (const graph::Update& update : facts_.graph().updates) {
      if (fused_.grouping.of(facts_, update.next) == group) leaves.push_back(update.leaf);
    }
    return !leaves.empty();
  }

  // Which tensor axis lies along the columns of each group; the leaves that a group updates lie the same way.
  void choose_orientations() {
    orientations_.assign(fused_.grouping.groups.size(), {});
    for (int number : fused_.order.groups) {
      const Group& group = fused_.grouping.groups[number];
      if (group.kind != Group::Kind::kContract || !is_matrix_product(facts_, group.nodes[0])) continue;
      orientations_[number] = orient(facts_, group.nodes[0], meets_leaves_alone(group));
      std::vector<ValueId> leaves;
      updates_of(number, leaves);
      for (ValueId leaf : leaves) buffers_.set_minor_axis(leaf, orientations_[number].minor_axis);
    }
  }

  // Nothing is stored but in leaves, and no other kernel's matrix is read beside the result: then it may lie
  // either way.
  bool meets_leaves_alone(const Group& group) const {
    return std::all_of(group.nodes.begin(), group.nodes.end(), [&](ValueId id) {
      const graph::Node& node = facts_.node(id);
      const bool matrix_product = id == group.nodes[0];
      if (wanted_.contains(id)) return false;
      for (std::size_t i = 0; !matrix_product && i < node.operands.size(); ++i) {
        const int maker = fused_.grouping.of(facts_, node.operands[i]);
        const bool others = maker >= 0 && &fused_.grouping.groups[maker] != &group;
        if (others && facts_.rank(node.operands[i]) >= 2) return false;
        if (facts_.reading(id, i) == Reading::kAt) return false;
      }
      return true;
    });
  }

  void add_uniforms_kernel() {
    Buffer numbers;
    numbers.name = "numbers";
    numbers.storage = Storage::kNumbers;
    Buffer uniforms;
    uniforms.name = "uniforms";
    uniforms.storage = Storage::kPrivate;
    plan_.uniforms_buffer = buffers_.add(uniforms);
    Kernel kernel;
    kernel.name = "uniforms";
    kernel.replicated = true;
    kernel.form = UniformsKernel{plan_.uniforms_buffer, buffers_.add(numbers)};
    plan_.kernels.push_back(std::move(kernel));
  }

  void lower_group(int number) {
    const Group& group = fused_.grouping.groups[number];
    Kernel kernel;
    kernel.form = RowsKernel{};
    const MatrixExtents matrix = group.matrix();
    kernel.rows = matrix.rows;
    kernel.columns = matrix.columns;
    kernel.extents = group.split == 1 ? graph::Extents{matrix.rows, matrix.columns} : group.shape;
    const Orientation& orientation = orientations_[number];
    if (group.kind == Group::Kind::kRandom) {
      ValueId id = group.nodes[0];
      kernel.form = RandomKernel{std::get<graph::Random>(facts_.node(id).op).stream, buffers_.of(id)};
    } else {
      if (group.kind == Group::Kind::kContract) {
        if (orientation.minor_axis == 0) std::swap(kernel.rows, kernel.columns);
        kernel.form = contract_form(group.nodes[0], orientation);
      } else if (group.kind == Group::Kind::kColumns) {
        kernel.form = ColumnsKernel{};
      }
      BodyRequest request{facts_, group, buffers_, orientation.minor_axis, wanted_};
      kernel.body = hoist_uniforms(plan_, build_body(request));
    }
    if (auto* contract = std::get_if<ContractKernel>(&kernel.form))
      contract->writes_rows = writes_rows(kernel);
    kernel.replicated = is_shared_scalar(number, group);
    if (kernel.replicated) {
      for (const Statement& statement : kernel.body.statements) {
        if (statement.store) buffers_.make_private(*statement.store);
      }
    }
    name(kernel, number, group);
    plan_.kernels.push_back(std::move(kernel));
  }

  ContractKernel contract_form(ValueId id, const Orientation& orientation) {
    if (is_matrix_product(facts_, id)) return contract_kernel(facts_, id, orientation, buffers_);
    return convolution_kernel(*find_convolution(facts_, id), buffers_);
  }

  bool writes_rows(const Kernel& kernel) const {
    return std::any_of(kernel.body.statements.begin(), kernel.body.statements.end(), [&](const Statement& s) {
      return s.store && plan_.buffer(*s.store).layout.block_stride == kLanes;
    });
  }

  // A single number that nothing persistent depends on directly: every thread computes it for itself, which
  // saves a barrier.
  bool is_shared_scalar(int number, const Group& group) const {
    std::vector<ValueId> leaves;
    return group.kind == Group::Kind::kColumns && group.rank == 0 && !updates_of(number, leaves);
  }

  void name(Kernel& kernel, int number, const Group& group) {
    for (ValueId id : group.nodes) {
      Span span = facts_.node(id).span;
      if (span.end > span.begin &&
          std::find(kernel.spans.begin(), kernel.spans.end(), span) == kernel.spans.end())
        kernel.spans.push_back(span);
    }
    std::vector<ValueId> leaves;
    if (updates_of(number, leaves)) {
      kernel.name = facts_.node(leaves[0]).name + ".update";
    } else if (group.kind == Group::Kind::kContract) {
      const auto& contract = std::get<ContractKernel>(kernel.form);
      const Buffer& weights = plan_.buffer(contract.b);
      kernel.name = weights.leaf.empty()
                        ? "contract"
                        : weights.leaf + (is_forward(contract, weights) ? ".forward" : ".backward");
    } else {
      kernel.name = purpose(group);
    }
  }

  // The columns of a layer's output lie along the last axis of its weights. Where each channel is by itself,
  // so do its input's gradients: there the taps go backwards.
  static bool is_forward(const ContractKernel& contract, const Buffer& weights) {
    if (contract.positions && contract.positions->by_channel) {
      const std::vector<Positions::KAxis>& ks = contract.positions->phases[0].ks;
      return std::ranges::all_of(ks, [](const Positions::KAxis& k) { return k.a_stride >= 0; });
    }
    return (weights.layout.minor_axis + 1 == weights.extents.size()) != contract.dots.has_value();
  }

  // The output that the group makes, else what it reads of the data, else its kind.
  std::string purpose(const Group& group) const {
    for (const graph::Output& output : facts_.graph().outputs) {
      const ValueId made = facts_.root(output.value);
      if (std::find(group.nodes.begin(), group.nodes.end(), made) != group.nodes.end()) return output.name;
    }
    auto reads = [&](std::string_view input) {
      return std::any_of(group.nodes.begin(), group.nodes.end(), [&](ValueId id) {
        const std::vector<ValueId>& operands = facts_.node(id).operands;
        return std::any_of(operands.begin(), operands.end(),
                           [&](ValueId operand) { return facts_.node(facts_.root(operand)).name == input; });
      });
    };
    if (group.kind == Group::Kind::kRandom) return "random";
    if (reads("samples")) return "samples";
    if (reads("labels")) return "loss";
    if (group.kind == Group::Kind::kColumns) return "sum";
    const graph::Op& first = facts_.node(group.nodes[0]).op;
    if (std::holds_alternative<graph::Map>(first)) return "map";
    const auto* reduce = std::get_if<graph::Reduce>(&first);
    return reduce && facts_.reducing(group.nodes[0]) == Reducing::kAlongRows ? "rows" : "window";
  }

  // Copies of a master follow its update at once; in a graph without updates the runtime fills them when it
  // loads.
  void add_relayouts() {
    for (const graph::Update& update : facts_.graph().updates) {
      for (BufferId copy : buffers_.copies_of(update.leaf)) {
        Kernel kernel;
        kernel.name = facts_.node(update.leaf).name + ".relayout";
        const BufferId master = buffers_.of(update.leaf);
        kernel.form = RelayoutKernel{master, copy, plan_.buffer(master).rows / plan_.buffer(copy).columns};
        kernel.rows = plan_.buffer(master).rows;
        kernel.columns = plan_.buffer(master).columns;
        auto writes_master = [&](const Kernel& other) {
          return std::any_of(other.body.statements.begin(), other.body.statements.end(),
                             [&](const Statement& s) { return s.store == master; });
        };
        auto writer = std::find_if(plan_.kernels.begin(), plan_.kernels.end(), writes_master);
        NETC_CHECK(writer != plan_.kernels.end(), "an updated leaf has a kernel that writes it");
        kernel.spans = writer->spans;
        plan_.kernels.insert(writer + 1, std::move(kernel));
      }
    }
  }

  void finish() {
    Buffer& uniforms = plan_.buffers[index(plan_.uniforms_buffer)];
    uniforms.extents = {kUniformsHead + static_cast<std::int64_t>(plan_.uniforms.size())};
    uniforms.columns = uniforms.extents[0];
    uniforms.bytes = blocks_of(uniforms.columns) * kLanes * 4 + 64;
    for (const graph::Output& output : facts_.graph().outputs)
      plan_.outputs.push_back({output.name, buffers_.of(output.value)});
    KBlocker blocker(plan_, target_, overrides_);
    for (Kernel& kernel : plan_.kernels) {
      schedule(kernel, target_, overrides_);
      blocker.block(kernel);
    }
    share_alike(plan_);
    for (Kernel& kernel : plan_.kernels) find_accesses(plan_, kernel);
    replicate(plan_, target_);
    find_bands(plan_, target_);
    place_barriers(plan_);
    plan_memory(plan_);
  }

  const Facts& facts_;
  const Fused& fused_;
  const Target& target_;
  const ScheduleOverrides& overrides_;
  Plan plan_;
  BufferTable buffers_;
  std::set<ValueId> wanted_;
  std::vector<Orientation> orientations_;
};

}  // namespace

std::optional<Plan> lower(const graph::Graph& graph, const Target& target, Diagnostics& diagnostics,
                          const ScheduleOverrides& overrides) {
  const graph::Graph divided = with_part_sums(graph);
  Facts facts(divided);
  std::optional<Fused> fused = fuse(facts, diagnostics);
  if (!fused) return std::nullopt;
  return Lowering(facts, *fused, target, overrides).run();
}

}  // namespace netc::kernel

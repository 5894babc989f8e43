#include "compiler/kernel/convolution.h"

#include <algorithm>
#include <cstdlib>

#include "compiler/graph/index_map.h"

namespace netc::kernel {

using graph::AffineTerm;
using graph::Extents;
using graph::ValueId;

namespace {

// The axis, if the entry is just that.
std::optional<std::uint32_t> plain_axis(const AffineIndex& index) {
  if (index.offset != 0 || index.terms.size() != 1 || index.terms[0].coefficient != 1) return std::nullopt;
  return index.terms[0].axis;
}

bool uses(const IndexMap& map, std::uint32_t axis) {
  return std::ranges::any_of(map, [&](const AffineIndex& index) {
    return std::ranges::any_of(index.terms, [&](const AffineTerm& term) { return term.axis == axis; });
  });
}

// Elements to the next index of each axis of a tensor in memory; the minor one of panels is counted in 1.
Extents strides_of(const Extents& extents, std::uint32_t minor, std::int64_t unit) {
  Extents strides(extents.size(), 1);
  for (std::size_t i = extents.size(); i-- > 0;) {
    if (i == minor) continue;
    strides[i] = unit;
    unit *= extents[i];
  }
  return strides;
}

class Finder {
 public:
  Finder(const Facts& facts, ValueId id)
      : facts_(facts), node_(facts.node(id)), contract_(std::get<graph::Contract>(node_.op)) {}

  std::optional<Convolution> run() {
    if (!find_result() || !find_b() || !find_a()) return std::nullopt;
    std::ranges::stable_sort(found_.positions.ks, std::greater(),
                             [](const Positions::KAxis& axis) { return std::abs(axis.a_stride); });
    merge_ks();
    merge_rows();
    return std::move(found_);
  }

 private:
  // Each of its dimensions an axis; the last one along the columns.
  bool find_result() {
    for (const AffineIndex& index : contract_.result) {
      const auto axis = plain_axis(index);
      if (!axis || std::ranges::find(result_, *axis) != result_.end()) return false;
      result_.push_back(*axis);
    }
    return result_.size() >= 2;
  }

  // Contiguous over the columns, and nothing else but k.
  bool find_b() {
    const std::uint32_t column = result_.back();
    const bool second = uses(contract_.b, column);
    if (second == uses(contract_.a, column)) return false;
    found_.a = node_.operands[second ? 0 : 1];
    found_.b = node_.operands[second ? 1 : 0];
    a_map_ = second ? &contract_.a : &contract_.b;
    const IndexMap& map = second ? contract_.b : contract_.a;
    const Extents& extents = facts_.extents(found_.b);
    for (std::uint32_t i = 0; i < map.size(); ++i) {
      const auto axis = plain_axis(map[i]);
      if (!axis || contract_.domain[*axis] != extents[i]) return false;
      if (*axis == column) found_.b_minor_axis = i;
      b_axes_.push_back(*axis);
    }
    const bool panels = facts_.is_persistent(found_.b), last = found_.b_minor_axis + 1 == map.size();
    if (!panels && (!last || !facts_.is_dense(found_.b))) return false;
    b_strides_ = strides_of(extents, found_.b_minor_axis, panels ? kLanes : extents.back());
    return true;
  }

  bool find_a() {
    if (facts_.is_persistent(found_.a) || !facts_.is_dense(found_.a)) return false;
    const Extents& extents = facts_.extents(found_.a);
    const Extents strides = strides_of(extents, static_cast<std::uint32_t>(extents.size()), 1);
    for (std::uint32_t axis = 0; axis < contract_.domain.size(); ++axis) {
      const auto row = std::ranges::find(result_, axis);
      const auto k = std::ranges::find(b_axes_, axis);
      if (row + 1 == result_.end()) continue;
      if ((row == result_.end()) == (k == b_axes_.end())) return false;
      if (k != b_axes_.end()) add_k(axis, strides, b_strides_[k - b_axes_.begin()]);
    }
    for (std::size_t i = 0; i + 1 < result_.size(); ++i)
      found_.positions.rows.push_back({contract_.domain[result_[i]], a_stride(result_[i], strides)});
    for (std::size_t i = 0; i < a_map_->size(); ++i) {
      found_.positions.a_offset += (*a_map_)[i].offset * strides[i];
      if (!graph::stays_inside({(*a_map_)[i]}, contract_.domain, {extents[i]}) &&
          !add_border((*a_map_)[i], extents[i]))
        return false;
    }
    return true;
  }

  std::int64_t a_stride(std::uint32_t axis, const Extents& strides) const {
    std::int64_t stride = 0;
    for (std::size_t i = 0; i < a_map_->size(); ++i) {
      for (const AffineTerm& term : (*a_map_)[i].terms)
        stride += term.axis == axis ? term.coefficient * strides[i] : 0;
    }
    return stride;
  }

  void add_k(std::uint32_t axis, const Extents& a_strides, std::int64_t b_stride) {
    k_axes_.push_back(axis);
    found_.positions.ks.push_back({contract_.domain[axis], a_stride(axis, a_strides), b_stride});
  }

  // Of an entry in a row axis and a k.
  bool add_border(const AffineIndex& index, std::int64_t extent) {
    if (index.terms.size() != 2) return false;
    for (std::size_t first = 0; first < 2; ++first) {
      const AffineTerm &row = index.terms[first], &other = index.terms[1 - first];
      const auto place = std::ranges::find(result_, row.axis);
      const auto k = std::ranges::find(k_axes_, other.axis);
      if (place == result_.end() || k == k_axes_.end()) continue;
      auto& border = found_.positions.ks[k - k_axes_.begin()].border;
      if (border) return false;
      border = {static_cast<std::size_t>(place - result_.begin()), row.coefficient, other.coefficient,
                index.offset, extent};
      return true;
    }
    return false;
  }

  // Neighbours that count on like one axis are one; those of one index alone are none.
  void merge_ks() {
    std::vector<Positions::KAxis> merged;
    for (const Positions::KAxis& axis : found_.positions.ks) {
      if (axis.extent == 1 && !axis.border) continue;
      Positions::KAxis* last = merged.empty() ? nullptr : &merged.back();
      if (last && !last->border && !axis.border && last->a_stride == axis.a_stride * axis.extent &&
          last->b_stride == axis.b_stride * axis.extent) {
        *last = {last->extent * axis.extent, axis.a_stride, axis.b_stride};
      } else {
        merged.push_back(axis);
      }
    }
    if (merged.empty()) merged.push_back({});
    found_.positions.ks = std::move(merged);
  }

  bool has_border(std::size_t row_axis) const {
    return std::ranges::any_of(found_.positions.ks, [&](const Positions::KAxis& axis) {
      return axis.border && axis.border->row_axis == row_axis;
    });
  }

  void merge_rows() {
    std::vector<Positions::RowAxis> merged;
    std::vector<std::size_t> moved;
    bool open = false;  // may the next axis be merged with the last one?
    for (std::size_t i = 0; i < found_.positions.rows.size(); ++i) {
      const Positions::RowAxis& axis = found_.positions.rows[i];
      const bool free = !has_border(i);
      const bool single = free && axis.extent == 1;
      if (!single && open && free && merged.back().a_stride == axis.a_stride * axis.extent) {
        merged.back() = {merged.back().extent * axis.extent, axis.a_stride};
      } else if (!single) {
        merged.push_back(axis);
        open = free;
      }
      moved.push_back(merged.empty() ? 0 : merged.size() - 1);
    }
    if (merged.empty()) merged.push_back({});
    for (Positions::KAxis& axis : found_.positions.ks) {
      if (axis.border) axis.border->row_axis = moved[axis.border->row_axis];
    }
    found_.positions.rows = std::move(merged);
  }

  const Facts& facts_;
  const graph::Node& node_;
  const graph::Contract& contract_;
  std::vector<std::uint32_t> result_, b_axes_, k_axes_;  // axes of the domain: by dimension; of the ks
  const IndexMap* a_map_ = nullptr;
  Extents b_strides_;
  Convolution found_;
};

}  // namespace

std::optional<Convolution> find_convolution(const Facts& facts, ValueId contract) {
  return Finder(facts, contract).run();
}

ContractKernel convolution_kernel(const Convolution& convolution, BufferTable& buffers) {
  ContractKernel kernel;
  const Positions& positions = convolution.positions;
  for (const Positions::KAxis& axis : positions.ks) kernel.k *= axis.extent;
  kernel.a = buffers.of(convolution.a);
  kernel.b = buffers.of(convolution.b, convolution.b_minor_axis);
  kernel.b_block_stride = buffers.buffer(kernel.b).layout.block_stride;
  const bool matrix = positions.rows.size() == 1 && positions.ks.size() == 1 &&
                      !positions.ks[0].border && positions.a_offset == 0;
  if (matrix) {
    kernel.a_row_stride = positions.rows[0].a_stride;
    kernel.a_k_stride = positions.ks[0].a_stride;
    kernel.b_k_stride = positions.ks[0].b_stride;
  } else {
    kernel.positions = positions;
  }
  return kernel;
}

std::optional<KBlocks> block_k(const ContractKernel& kernel, MatrixExtents result, const Target& target,
                               BufferTable& buffers) {
  if (!kernel.positions || kernel.positions->ks.size() < 2 || kernel.positions->ks[0].border)
    return std::nullopt;
  const std::int64_t extent = kernel.positions->ks[0].extent;
  const std::int64_t operands = buffers.buffer(kernel.a).bytes + buffers.buffer(kernel.b).bytes;
  const std::int64_t room = target.cache_bytes / 2, columns = blocks_of(result.columns) * kLanes;
  constexpr std::int64_t kFew = 4;
  if (operands <= room || kFew * result.rows * columns * 4 > operands) return std::nullopt;
  const std::int64_t size = std::max<std::int64_t>(1, room * extent / operands);
  if (size >= extent) return std::nullopt;
  Buffer sums;
  sums.name = buffers.buffer(kernel.b).name + ".sums";
  sums.extents = {result.rows, columns};
  sums.rows = result.rows;
  sums.columns = columns;
  sums.layout = {1, columns, kLanes};
  sums.bytes = result.rows * columns * 4;
  return KBlocks{buffers.add(std::move(sums)), size};
}

}  // namespace netc::kernel

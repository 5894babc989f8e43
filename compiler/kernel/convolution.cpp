#include "compiler/kernel/convolution.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "compiler/graph/index_map.h"

namespace netc::kernel {

using graph::AffineTerm;
using graph::Extents;
using graph::ValueId;

namespace {

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

// Axes of a phase: the result's dimensions but the last as places, then the ks. Each axis of the domain is an
// index over them.
class Finder {
 public:
  // `b`: the operand that is not to be a, where both run along the columns.
  Finder(const Facts& facts, ValueId id, std::size_t b)
      : facts_(facts), node_(facts.node(id)), contract_(std::get<graph::Contract>(node_.op)), b_(b) {}

  std::optional<Convolution> run() {
    if (!find_columns() || !find_rows()) return std::nullopt;
    found_.positions.by_sample = is_by_sample(*a_map_, found_.a);
    found_.positions.b_by_sample = is_by_sample(*b_map_, found_.b);
    std::vector<std::int64_t> remainders(rows_.size());
    do {
      if (!add_phase(remainders)) return std::nullopt;
    } while (count_on(remainders));
    if (found_.positions.phases.size() == 1) merge_rows();
    // A tile lies along the last row axis, and has b in common.
    if (found_.positions.rows.back().b_stride != 0) found_.positions.rows.push_back({1});
    return std::move(found_);
  }

 private:
  bool uses(const IndexMap& map, std::uint32_t axis) const {
    return graph::used_axes(map, contract_.domain.size())[axis];
  }

  bool is_by_sample(const IndexMap& map, ValueId operand) const {
    const auto first = graph::plain_axis(contract_.result[0]);
    return first && graph::is_in_parts(map[0], *first, contract_.domain, facts_.extents(operand)[0]);
  }

  // A dimension of the result: step * of + factor * tap + offset, where tap is an axis of k; or just one
  // axis, or the only index.
  struct Row {
    std::optional<std::uint32_t> of;
    std::int64_t step = 1, offset = 0, factor = 0;
    std::optional<std::uint32_t> tap;
  };

  // The last axis of the result lies along the columns; b is contiguous there, and a, or a does not have it.
  bool find_columns() {
    const std::size_t rank = contract_.result.size();
    const auto column = rank >= 2 ? graph::plain_axis(contract_.result.back()) : std::nullopt;
    if (!column) return false;
    column_ = *column;
    const bool first = uses(contract_.a, column_), second = uses(contract_.b, column_);
    found_.positions.by_channel = first && second;
    const std::size_t b = first && second ? b_ : second ? 1 : 0;
    found_.a = node_.operands[1 - b];
    found_.b = node_.operands[b];
    a_map_ = b == 1 ? &contract_.a : &contract_.b;
    b_map_ = b == 1 ? &contract_.b : &contract_.a;
    const Extents& extents = facts_.extents(found_.b);
    for (std::uint32_t i = 0; i < b_map_->size(); ++i) {
      if (graph::plain_axis((*b_map_)[i]) == column_ && extents[i] == contract_.domain[column_])
        found_.b_minor_axis = i;
      else if (uses({(*b_map_)[i]}, column_)) return false;
    }
    const bool panels = facts_.is_persistent(found_.b), last = found_.b_minor_axis + 1 == b_map_->size();
    if (!panels && (!last || !facts_.is_dense(found_.b))) return false;
    b_strides_ = strides_of(extents, found_.b_minor_axis, panels ? kLanes : extents.back());
    if (facts_.is_persistent(found_.a) || !facts_.is_dense(found_.a)) return false;
    a_strides_ = strides_of(facts_.extents(found_.a), static_cast<std::uint32_t>(a_map_->size()), 1);
    const bool contiguous = graph::plain_axis(a_map_->back()) == column_ &&
                            facts_.extents(found_.a).back() == contract_.domain[column_];
    const IndexMap others(a_map_->begin(), a_map_->end() - 1);
    return !found_.positions.by_channel || (contiguous && !uses(others, column_));
  }

  bool find_rows() {
    std::vector<std::uint32_t> taken{column_};
    auto take = [&](std::uint32_t axis) {
      const bool free = std::ranges::find(taken, axis) == taken.end();
      taken.push_back(axis);
      return free;
    };
    for (std::size_t i = 0; i + 1 < contract_.result.size(); ++i) {
      const AffineIndex& index = contract_.result[i];
      Row row;
      row.offset = index.offset;
      std::vector<AffineTerm> terms = index.terms;
      if (terms.empty() && index.offset == 0 && node_.type.extents[i] == 1) {
        found_.positions.rows.push_back({1});
        rows_.push_back(row);
        continue;
      }
      if (terms.empty() || terms.size() > 2) return false;
      std::ranges::stable_sort(terms, std::greater(), &AffineTerm::coefficient);
      if (terms.size() == 2 && uses(*b_map_, terms[0].axis)) std::swap(terms[0], terms[1]);
      row.of = terms[0].axis;
      row.step = terms[0].coefficient;
      if (terms.size() == 2) {
        row.tap = terms[1].axis;
        row.factor = terms[1].coefficient;
        if (row.factor < 1 || uses(*a_map_, *row.tap) || !take(*row.tap)) return false;
      }
      const bool with_b = i == 0 && !row.tap && row.step == 1 && is_by_sample(*b_map_, found_.b);
      if (row.step < 1 || (uses(*b_map_, *row.of) && !with_b) || !take(*row.of)) return false;
      found_.positions.rows.push_back({node_.type.extents[i], 0, row.step});
      rows_.push_back(row);
    }
    for (std::uint32_t axis = 0; axis < contract_.domain.size(); ++axis) {
      if (std::ranges::find(taken, axis) == taken.end()) ks_.push_back(axis);
    }
    return true;
  }

  bool count_on(std::vector<std::int64_t>& remainders) const {
    for (std::size_t i = remainders.size(); i-- > 0;) {
      if (++remainders[i] < rows_[i].step) return true;
      remainders[i] = 0;
    }
    return false;
  }

  bool add_phase(const std::vector<std::int64_t>& remainders) {
    extents_.clear();
    axes_.assign(contract_.domain.size(), {});
    for (std::size_t i = 0; i < rows_.size(); ++i)
      extents_.push_back(found_.positions.rows[i].places(remainders[i]));
    for (std::uint32_t axis : ks_) axes_[axis] = new_k(contract_.domain[axis]);
    for (std::size_t i = 0; i < rows_.size(); ++i) solve(i, remainders[i]);
    Positions::Phase phase;
    const std::size_t rows = rows_.size();
    for (std::size_t k = rows; k < extents_.size(); ++k) phase.ks.push_back({extents_[k]});
    const IndexMap a = graph::compose(*a_map_, axes_), b = graph::compose(*b_map_, axes_);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (found_.positions.by_channel && i + 1 == a.size()) continue;
      phase.a_offset += a[i].offset * a_strides_[i];
      for (const AffineTerm& term : a[i].terms) {
        auto& stride = term.axis < rows ? found_.positions.rows[term.axis].a_stride
                                        : phase.ks[term.axis - rows].a_stride;
        if (term.axis >= rows || found_.positions.phases.empty()) stride += term.coefficient * a_strides_[i];
      }
      const std::int64_t extent = facts_.extents(found_.a)[i];
      if (!graph::stays_inside({a[i]}, extents_, {extent}) && !add_border(phase, a[i], extent)) return false;
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (i == found_.b_minor_axis) continue;
      const bool inside = graph::stays_inside({b[i]}, extents_, {facts_.extents(found_.b)[i]});
      if (!inside && phase.products() > 0) return false;
      phase.b_offset += b[i].offset * b_strides_[i];
      for (const AffineTerm& term : b[i].terms) {
        auto& stride = term.axis < rows ? found_.positions.rows[term.axis].b_stride
                                        : phase.ks[term.axis - rows].b_stride;
        if (term.axis >= rows || found_.positions.phases.empty()) stride += term.coefficient * b_strides_[i];
      }
    }
    std::ranges::stable_sort(phase.ks, std::greater(),
                             [](const Positions::KAxis& axis) { return std::abs(axis.a_stride); });
    merge_ks(phase.ks);
    found_.positions.phases.push_back(std::move(phase));
    return true;
  }

  AffineIndex new_k(std::int64_t extent) {
    extents_.push_back(extent);
    return {0, {{static_cast<std::uint32_t>(extents_.size() - 1), 1}}};
  }

  // Of the taps, every `apart`th meets the places of a remainder: tap first + apart * t.
  void solve(std::size_t i, std::int64_t remainder) {
    const Row& row = rows_[i];
    const auto place = static_cast<std::uint32_t>(i);
    auto rest = [&](std::int64_t tap) { return remainder - row.offset - row.factor * tap; };
    if (!row.tap) {
      if (row.of) axes_[*row.of] = {rest(0) / row.step, {{place, 1}}};
      if (rest(0) % row.step != 0) new_k(0);
      return;
    }
    const std::int64_t taps = contract_.domain[*row.tap], apart = row.step / std::gcd(row.step, row.factor);
    std::int64_t first = 0;
    while (first < apart && rest(first) % row.step != 0) ++first;
    const bool any = first < apart && first < taps;
    const AffineIndex t = new_k(any ? (taps - first + apart - 1) / apart : 0);
    axes_[*row.of] = {0, {{place, 1}}};
    if (!any) return;
    axes_[*row.tap] = {first, {{t.terms[0].axis, apart}}};
    axes_[*row.of] = {rest(first) / row.step,
                      {{place, 1}, {t.terms[0].axis, -row.factor * apart / row.step}}};
  }

  // Of an entry in a place and a k.
  bool add_border(Positions::Phase& phase, const AffineIndex& index, std::int64_t extent) const {
    if (phase.products() == 0) return true;
    if (index.terms.size() > 2) return false;
    const AffineTerm *place = nullptr, *k = nullptr;
    for (const AffineTerm& term : index.terms) (term.axis < rows_.size() ? place : k) = &term;
    if (!place || !k || phase.ks[k->axis - rows_.size()].border) return false;
    phase.ks[k->axis - rows_.size()].border = {place->axis, place->coefficient, k->coefficient, index.offset,
                                               extent};
    return true;
  }

  // Neighbours that count on like one axis are one; those of one index alone are none.
  static void merge_ks(std::vector<Positions::KAxis>& ks) {
    std::vector<Positions::KAxis> merged;
    for (const Positions::KAxis& axis : ks) {
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
    ks = std::move(merged);
  }

  void merge_rows() {
    std::vector<Positions::KAxis>& ks = found_.positions.phases[0].ks;
    std::vector<Positions::RowAxis> merged;
    std::vector<std::size_t> moved;
    bool open = false;  // may the next axis be merged with the last one?
    for (std::size_t i = 0; i < found_.positions.rows.size(); ++i) {
      const Positions::RowAxis& axis = found_.positions.rows[i];
      const bool free = std::ranges::none_of(
          ks, [&](const Positions::KAxis& k) { return k.border && k.border->row_axis == i; });
      const bool single = free && axis.extent == 1;
      const bool alike = open && merged.back().a_stride == axis.a_stride * axis.extent &&
                         merged.back().b_stride == axis.b_stride * axis.extent;
      if (!single && free && alike) {
        merged.back() = {merged.back().extent * axis.extent, axis.a_stride};
      } else if (!single) {
        merged.push_back(axis);
        open = free;
      }
      moved.push_back(merged.empty() ? 0 : merged.size() - 1);
    }
    if (merged.empty()) merged.push_back({});
    for (Positions::KAxis& axis : ks) {
      if (axis.border) axis.border->row_axis = moved[axis.border->row_axis];
    }
    found_.positions.rows = std::move(merged);
  }

  const Facts& facts_;
  const graph::Node& node_;
  const graph::Contract& contract_;
  const std::size_t b_;
  const IndexMap *a_map_ = nullptr, *b_map_ = nullptr;
  std::uint32_t column_ = 0;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> ks_;  // the domain's axes of k, but the taps
  Extents a_strides_, b_strides_;
  Extents extents_;  // of the phase's axes
  IndexMap axes_;
  Convolution found_;
};

}  // namespace

std::optional<Convolution> find_convolution(const Facts& facts, ValueId contract) {
  std::optional<Convolution> found = Finder(facts, contract, 1).run();
  return found ? found : Finder(facts, contract, 0).run();
}

ContractKernel convolution_kernel(const Convolution& convolution, BufferTable& buffers) {
  ContractKernel kernel;
  const Positions& positions = convolution.positions;
  kernel.k = 0;
  for (const Positions::Phase& phase : positions.phases) kernel.k += phase.products();
  kernel.a = buffers.of(convolution.a);
  kernel.b = buffers.of(convolution.b, convolution.b_minor_axis);
  kernel.b_block_stride = buffers.buffer(kernel.b).layout.block_stride;
  const Positions::Phase& phase = positions.phases[0];
  const bool matrix = !positions.by_channel && positions.phases.size() == 1 && positions.rows.size() == 1 &&
                      phase.ks.size() == 1 && !phase.ks[0].border && phase.a_offset == 0 &&
                      phase.b_offset == 0;
  if (matrix) {
    kernel.a_row_stride = positions.rows[0].a_stride;
    kernel.a_k_stride = phase.ks[0].a_stride;
    kernel.b_k_stride = phase.ks[0].b_stride;
  } else {
    kernel.positions = positions;
  }
  return kernel;
}

}  // namespace netc::kernel

#include "compiler/kernel/window.h"

#include <algorithm>
#include <cstdlib>

#include "compiler/graph/index_map.h"

namespace netc::kernel {

using graph::AffineTerm;
using graph::Extents;

namespace {

struct Interval {
  std::int64_t least = 0, most = 0;
};

// Rounded down.
std::int64_t divide(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

AffineIndex sum(const std::vector<std::pair<std::int64_t, AffineIndex>>& parts, std::int64_t offset = 0) {
  AffineIndex outer{offset, {}};
  IndexMap inner;
  for (const auto& [factor, index] : parts) {
    outer.terms.push_back({static_cast<std::uint32_t>(inner.size()), factor});
    inner.push_back(index);
  }
  return graph::compose({outer}, inner)[0];
}

AffineIndex axis(std::size_t number) { return {0, {{static_cast<std::uint32_t>(number), 1}}}; }

// The values that an index takes.
Interval interval(const AffineIndex& index, const Points& points) {
  Interval result{index.offset, index.offset};
  for (const AffineTerm& term : index.terms) {
    Interval own;
    if (term.axis < points.extents.size()) {
      own.most = points.extents[term.axis] - 1;
    } else {
      const Window::Division& division = points.window.divisions[term.axis - points.extents.size()];
      own = interval(division.dividend, points);
      own = {divide(own.least, division.divisor), divide(own.most, division.divisor)};
      if (division.remainder) own = {0, division.divisor - 1};
    }
    const std::int64_t a = term.coefficient * own.least, b = term.coefficient * own.most;
    result.least += std::min(a, b);
    result.most += std::max(a, b);
  }
  return result;
}

}  // namespace

IndexMap Points::at(const IndexMap& map) const { return graph::compose(map, axes); }

std::vector<Range> Points::leaving(const IndexMap& at, const Extents& of) const {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Interval values = interval(at[i], *this);
    const Range range{at[i], of[i]};
    const bool asked = std::ranges::find(window.inside, range) != window.inside.end();
    if ((values.least < 0 || values.most >= of[i]) && !asked) ranges.push_back(range);
  }
  return ranges;
}

void Points::require_inside(const IndexMap& at, const Extents& of) {
  for (Range& range : leaving(at, of)) window.inside.push_back(std::move(range));
}

// Each entry of the result's map is an equation: it says one axis of the domain, and the other axes of the
// domain in it are the window's. Axes of the window keep the domain's order.
class PointFinder {
 public:
  PointFinder(const Extents& domain, const IndexMap& result, const Extents& result_extents)
      : domain_(domain), result_(result), rank_(result_extents.size()), result_extents_(result_extents) {}

  Points run() {
    choose();
    points_.axes.resize(domain_.size());
    for (std::size_t d = 0; d < domain_.size(); ++d) {
      if (solver_[d] == kNone) add_window_axis(d);
    }
    points_.extents = result_extents_;
    points_.extents.insert(points_.extents.end(), points_.window.extents.begin(),
                           points_.window.extents.end());
    for (std::size_t e : order_) solve(e);
    return std::move(points_);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // What stands alone is known first. Each entry says the axis with the largest coefficient, for then the
  // fewest points of the window are without a partner, of those that no entry before it uses: it may rely on
  // these.
  void choose() {
    solver_.assign(domain_.size(), kNone);
    solved_.assign(result_.size(), kNone);
    for (std::size_t e = 0; e < result_.size(); ++e) order_.push_back(e);
    std::ranges::stable_partition(order_, [&](std::size_t e) { return result_[e].terms.size() < 2; });
    std::vector<bool> used(domain_.size());
    for (std::size_t e : order_) {
      std::int64_t largest = 0;
      for (const AffineTerm& term : result_[e].terms) {
        if (used[term.axis] || std::abs(term.coefficient) <= largest) continue;
        solved_[e] = term.axis;
        largest = std::abs(term.coefficient);
      }
      if (solved_[e] != kNone) solver_[solved_[e]] = e;
      for (const AffineTerm& term : result_[e].terms) used[term.axis] = true;
    }
  }

  // An axis l that meets its solved neighbour's coefficient c as c * j + l runs over those l alone that leave
  // no remainder.
  void add_window_axis(std::size_t d) {
    std::int64_t extent = domain_[d];
    if (const std::size_t e = strided_entry(d); e != kNone) {
      const std::int64_t stride = coefficient(e, solved_[e]);
      extent = (extent + stride - 1) / stride;
    }
    points_.axes[d] = axis(rank_ + points_.window.extents.size());
    points_.window.extents.push_back(extent);
  }

  std::int64_t coefficient(std::size_t e, std::size_t d) const {
    for (const AffineTerm& term : result_[e].terms) {
      if (term.axis == d) return term.coefficient;
    }
    return 0;
  }

  // The entry c * j + l, c > 1, with the window's axis l; an axis stands in one entry at most then.
  std::size_t strided_entry(std::size_t d) const {
    std::size_t found = kNone;
    for (std::size_t e = 0; e < result_.size(); ++e) {
      if (coefficient(e, d) == 0) continue;
      const bool strided = found == kNone && result_[e].terms.size() == 2 && coefficient(e, d) == 1 &&
                           solved_[e] != kNone && solved_[e] != d && coefficient(e, solved_[e]) > 1;
      if (!strided) return kNone;
      found = e;
    }
    return found;
  }

  AffineIndex division(const AffineIndex& dividend, std::int64_t divisor, bool remainder) {
    points_.window.divisions.push_back({dividend, divisor, remainder});
    return axis(points_.extents.size() + points_.window.divisions.size() - 1);
  }

  void require(const AffineIndex& index, std::int64_t extent) { points_.require_inside({index}, {extent}); }

  void solve(std::size_t e) {
    const AffineIndex element = sum({{1, axis(e)}}, -result_[e].offset);
    if (solved_[e] == kNone) {
      require(sum({{1, axis(e)}, {-1, points_.at({result_[e]})[0]}}), 1);
      return;
    }
    const std::size_t d = solved_[e];
    const std::int64_t c = coefficient(e, d);
    for (const AffineTerm& term : result_[e].terms) {
      if (term.axis == d || strided_entry(term.axis) != e) continue;
      const AffineIndex t = points_.axes[term.axis];
      points_.axes[term.axis] = sum({{1, division(element, c, true)}, {c, t}});
      points_.axes[d] = sum({{1, division(element, c, false)}, {-1, t}});
      require(points_.axes[term.axis], domain_[term.axis]);
      require(points_.axes[d], domain_[d]);
      return;
    }
    std::vector<std::pair<std::int64_t, AffineIndex>> parts{{1, element}};
    for (const AffineTerm& term : result_[e].terms) {
      if (term.axis != d) parts.push_back({-term.coefficient, points_.axes[term.axis]});
    }
    const AffineIndex rest = sum(parts);
    if (std::abs(c) == 1) {
      points_.axes[d] = sum({{c, rest}});
    } else {
      points_.axes[d] = division(sum({{c / std::abs(c), rest}}), std::abs(c), false);
      require(sum({{1, rest}, {-c, points_.axes[d]}}), 1);
    }
    require(points_.axes[d], domain_[d]);
  }

  const Extents& domain_;
  const IndexMap& result_;
  const std::size_t rank_;
  const Extents& result_extents_;
  std::vector<std::size_t> solver_, solved_;  // by axis of the domain: its entry; by entry: its axis
  std::vector<std::size_t> order_;            // of the entries
  Points points_;
};

Points points_of(const Extents& domain, const IndexMap& result, const Extents& result_extents) {
  return PointFinder(domain, result, result_extents).run();
}

}  // namespace netc::kernel

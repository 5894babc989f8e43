#include "compiler/support/excerpt.h"

#include <algorithm>

#include "compiler/support/utf8.h"

namespace netc {
namespace {

constexpr std::uint32_t kTab = 4;
// Bytes looked at on either side of the focus: more than a window of the longest characters.
constexpr std::uint32_t kReach = 8 * Excerpt::kMaxWidth;

std::uint32_t code_point_at_or_before(std::string_view line, std::uint32_t at) {
  for (int step = 0; step < 3 && at > 0 && at < line.size() && !is_code_point_start(line[at]); ++step) --at;
  return at;
}

}  // namespace

Excerpt::Excerpt(std::string_view line, std::uint32_t focus) {
  const auto size = static_cast<std::uint32_t>(line.size());
  focus = std::min(focus, size);
  const std::uint32_t from = focus > kReach ? code_point_at_or_before(line, focus - kReach) : 0;
  const std::uint32_t to = size - focus > kReach ? code_point_at_or_before(line, focus + kReach) : size;
  read_cells(line, from, to);
  choose_window(focus, from > 0, to < size);
}

void Excerpt::read_cells(std::string_view line, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t at = from; at < to;) {
    const CodePoint character = decode_utf8(line, at);
    Cell cell{at, width_, 1, {}};
    if (character.valid && character.value == '\t') {
      cell.width = kTab - width_ % kTab;
      cell.text.assign(cell.width, ' ');
    } else {
      append_printable(cell.text, line, character, at);
      if (character.valid) cell.width = static_cast<std::uint32_t>(display_width(character.value));
    }
    width_ += cell.width;
    at += character.length;
    cells_.push_back(std::move(cell));
  }
  cells_.push_back({to, width_, 0, {}});
}

void Excerpt::choose_window(std::uint32_t focus, bool more_before, bool more_behind) {
  std::uint32_t begin = 0, end = width_;
  if (width_ > kMaxWidth) {
    const std::uint32_t at = column_of(focus);
    if (more_before || at > kMaxWidth * 2 / 3) begin = at - std::min(at, kMaxWidth / 3);
    if (!more_behind) begin = std::min(begin, width_ - kMaxWidth);
    end = begin + kMaxWidth;
  }
  std::erase_if(cells_,
                [&](const Cell& cell) { return cell.column < begin || cell.column + cell.width > end; });
  const bool cut_before = more_before || begin > 0;
  const bool cut_behind = more_behind || end < width_;
  const std::uint32_t first = cells_.empty() ? begin : cells_.front().column;
  if (cut_before) text_ = "…";
  width_ = cut_before ? 1 : 0;
  for (Cell& cell : cells_) {
    cell.column = cell.column - first + (cut_before ? 1 : 0);
    width_ = cell.column + cell.width;
    text_ += cell.text;
  }
  if (cut_behind) text_ += "…";
}

std::uint32_t Excerpt::column_of(std::uint32_t byte) const {
  const auto after =
      std::upper_bound(cells_.begin(), cells_.end(), byte,
                       [](std::uint32_t value, const Cell& cell) { return value < cell.byte; });
  if (after == cells_.begin()) return 0;
  const Cell& cell = *(after - 1);
  const bool behind = after == cells_.end() && byte > cell.byte;
  return behind ? width_ : cell.column;
}

Columns Excerpt::columns(std::uint32_t begin, std::uint32_t end) const {
  const std::uint32_t first = column_of(begin);
  const std::uint32_t last = end > begin ? column_of(end) : first;
  return {first, std::max(last, first + 1)};
}

}  // namespace netc

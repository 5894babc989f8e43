#pragma once
// A source line as it is shown under a diagnostic: tabs expanded, invisible characters pictured, `…` where a
// wide line is cut.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace netc {

struct Columns {
  std::uint32_t begin, end;
};

class Excerpt {
 public:
  static constexpr std::uint32_t kMaxWidth = 100;

  // Of a line too wide, the part around byte `focus` is shown.
  Excerpt(std::string_view line, std::uint32_t focus);

  const std::string& text() const { return text_; }
  // Where bytes [begin, end) of the line stand in the text: at least one column, and within what is shown (or
  // one past it).
  Columns columns(std::uint32_t begin, std::uint32_t end) const;

 private:
  struct Cell {
    std::uint32_t byte, column, width;
    std::string text;
  };
  void read_cells(std::string_view line, std::uint32_t from, std::uint32_t to);
  void choose_window(std::uint32_t focus, bool more_before, bool more_behind);
  std::uint32_t column_of(std::uint32_t byte) const;

  std::vector<Cell> cells_;
  std::string text_;
  std::uint32_t width_ = 0;
};

}  // namespace netc

#pragma once
// The texts that netc reads, and places in them. A place is a byte range; lines and columns are worked out
// only to be shown.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace netc {

// Which text: the user's file, a piece of the prelude, or a value from the command line.
enum class SourceId : std::uint32_t {};

// Bytes [begin, end) of one source. An empty span (begin == end) is a point, such as the end of the file.
struct Span {
  SourceId source{};
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const Span&, const Span&) = default;
};

// Smallest span that covers both; they are of one source.
Span cover(Span first, Span last);

// Line and column count from 1; a column is a code point. A byte-order mark at the start counts for nothing.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

// A lookup costs little wherever it falls, also in one line of a megabyte. Texts stay where they are when
// others are added.
class Sources {
 public:
  // `name` is what messages show: a path, `<prelude>/activations.net` or `--set lr=0.1`.
  SourceId add(std::string name, std::string text);

  const std::string& name(SourceId id) const;
  const std::string& text(SourceId id) const;
  std::string_view text(Span span) const;
  Position position(SourceId id, std::uint32_t offset) const;
  // The text of a line (from 1) without its line end; where it begins.
  std::string_view line(SourceId id, std::uint32_t number) const;
  std::uint32_t line_begin(SourceId id, std::uint32_t number) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_begins;
    std::vector<std::uint32_t> code_points;  // before each whole kilobyte
  };
  const File& file(SourceId id) const;
  static std::uint32_t code_points_before(const File& file, std::uint32_t offset);
  std::deque<File> files_;
};

}  // namespace netc

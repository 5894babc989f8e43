#include "runtime/csv_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "runtime/short_number.h"

namespace netc::runtime {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kShown = 40;  // bytes of a cell in a message

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return false;
    std::uint32_t point = first & (0x3f >> more);
    for (int k = 0; k < more; ++k) {
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return false;
      point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
    }
    constexpr std::array<std::uint32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
    if (point < kLeast[static_cast<std::size_t>(more)] || point > 0x10ffff) return false;
    if (point >= 0xd800 && point < 0xe000) return false;
  }
  return true;
}

std::string shown(std::string_view cell) {
  std::string text(cell.substr(0, kShown));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  while (!is_utf8(text)) text.pop_back();
  return text + (cell.size() > kShown ? "..." : "");
}

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && (is_blank(cell.back()) || cell.back() == '\r')) cell.remove_suffix(1);
  while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
  return cell;
}

// Goes over cells. What is left of the text always ends with a line break.
class Cursor {
 public:
  Cursor(std::string_view text, char separator)
      : at_(text.data()), begin_(text.data()), end_(text.data() + text.size()), separator_(separator) {}

  bool at_end() const { return at_ == end_; }
  std::int64_t line() const { return line_; }
  std::size_t bytes() const { return static_cast<std::size_t>(at_ - begin_); }
  // Whether the last cell was the last of its row.
  bool row_ended() const { return row_ended_; }
  const std::string& fault() const { return fault_; }

  bool skip_empty_line() {
    const char* p = at_;
    if (*p == '\r') ++p;
    if (p == end_ || *p != '\n') return false;
    at_ = p + 1;
    ++line_;
    return true;
  }

  // The next cell as a number, where it is nothing else; else nothing is read.
  std::optional<double> number() {
    const char* p = at_;
    while (is_blank(*p) && *p != separator_) ++p;
    double value = 0;
    if (const std::size_t bytes = parse_short_number(p, end_, value); bytes > 0) {
      p += bytes;
    } else {
      const std::from_chars_result read = std::from_chars(p, end_, value);
      if (read.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
      p = read.ptr;
    }
    while (is_blank(*p) && *p != separator_) ++p;
    if (*p == separator_) {
      at_ = p + 1;
      row_ended_ = false;
      return value;
    }
    if (*p == '\r') ++p;
    if (p == end_ || *p != '\n') return std::nullopt;
    end_row(p);
    return value;
  }

  // The next cell as a text, which stays where it is until the next call.
  std::string_view cell() {
    const char* p = at_;
    while (is_blank(*p) && *p != separator_) ++p;
    if (*p == '"') return quoted(p);
    while (*p != separator_ && *p != '\n') ++p;
    const std::string_view text(at_, static_cast<std::size_t>(p - at_));
    finish(p);
    return trimmed(text);
  }

  void skip_row() {
    while (!row_ended_) cell();
  }

 private:
  void end_row(const char* line_break) {
    at_ = line_break + 1;
    ++line_;
    row_ended_ = true;
  }
  // `p` is at a separator or a line break.
  void finish(const char* p) {
    if (*p == '\n') return end_row(p);
    at_ = p + 1;
    row_ended_ = false;
  }

  std::string_view quoted(const char* p) {
    unquoted_.clear();
    for (++p;; ++p) {
      const auto* quote = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end_ - p)));
      if (quote == nullptr) return fail("a quote is not closed", end_ - 1);
      line_ += std::count(p, quote, '\n');
      unquoted_.append(p, quote);
      p = quote + 1;
      if (p == end_) return fail("a quote is not closed", end_ - 1);
      if (*p != '"') break;
      unquoted_ += '"';
    }
    const std::string_view after(p, static_cast<std::size_t>(std::find(p, end_, '\n') - p));
    while (is_blank(*p) && *p != separator_) ++p;
    if (*p == '\r') ++p;
    if (p == end_ || (*p != separator_ && *p != '\n')) {
      return fail(fmt::format("`{}` stands behind the closing quote", shown(trimmed(after))), end_ - 1);
    }
    finish(p);
    return unquoted_;
  }

  std::string_view fail(std::string what, const char* line_break) {
    fault_ = std::move(what);
    at_ = line_break + 1;
    row_ended_ = true;
    return {};
  }

  const char *at_, *begin_, *end_;
  char separator_;
  std::int64_t line_ = 0;
  bool row_ended_ = true;
  std::string unquoted_, fault_;
};

class RowParser {
 public:
  RowParser(std::string_view text, char separator, std::span<const CellKind> kinds, bool collect)
      : cursor_(text, separator), kinds_(kinds), collect_(collect), counts_(kinds.size()) {
    for (std::size_t c = 0; c < kinds.size(); ++c) {
      if (kinds[c] == CellKind::kSkipped) continue;
      rows_.columns.push_back(
          {.name = {}, .is_text = kinds[c] == CellKind::kText, .numbers = {}, .codes = {}, .texts = {}});
    }
    places_.resize(rows_.columns.size());
    // As many rows as there are if all are as long as the first.
    const std::size_t rows = text.empty() ? 0 : text.size() / (text.find('\n') + 1) + 1;
    for (Column& column : rows_.columns) {
      if (column.is_text) column.codes.reserve(rows);
      else column.numbers.reserve(rows);
    }
  }

  ParsedRows run() {
    while (!cursor_.at_end() && !rows_.fault) {
      if (cursor_.skip_empty_line()) continue;
      const std::int64_t line = cursor_.line();
      if (!read_row(line)) break;
      rows_.lines.push_back(static_cast<std::uint32_t>(line));
      ++rows_.rows;
    }
    rows_.line_count = cursor_.line();
    if (rows_.fault) drop_unfinished_row();
    for (std::size_t c = 0; c < kinds_.size(); ++c)
      if (counts_[c].count > 0) rows_.misfits.emplace_back(c, std::move(counts_[c]));
    return std::move(rows_);
  }

 private:
  void drop_unfinished_row() {
    const auto rows = static_cast<std::size_t>(rows_.rows);
    for (Column& column : rows_.columns) {
      if (column.is_text) column.codes.resize(rows);
      else column.numbers.resize(rows);
    }
  }

  void fail(std::int64_t line, std::optional<std::size_t> column, std::string what,
            std::vector<std::string> hints = {}) {
    if (!rows_.fault) rows_.fault = {line, column, std::move(what), std::move(hints)};
  }

  bool read_row(std::int64_t line) {
    std::size_t place = 0;
    for (std::size_t c = 0; c < kinds_.size(); ++c) {
      if (c > 0 && cursor_.row_ended()) {
        fail(line, std::nullopt,
             fmt::format("the row has {} cells, but the first row has {}", c, kinds_.size()));
        return false;
      }
      switch (kinds_[c]) {
        case CellKind::kSkipped: cursor_.cell(); break;
        case CellKind::kNumber: read_number(c, line, rows_.columns[place++]); break;
        case CellKind::kText: read_text(c, line, place++); break;
      }
      if (!cursor_.fault().empty()) fail(line, c, cursor_.fault());
      if (rows_.fault) return false;
    }
    if (cursor_.row_ended()) return true;
    std::size_t cells = kinds_.size();
    for (; !cursor_.row_ended(); ++cells) cursor_.cell();
    fail(line, std::nullopt,
         fmt::format("the row has {} cells, but the first row has {}", cells, kinds_.size()));
    return false;
  }

  void read_number(std::size_t c, std::int64_t line, Column& column) {
    if (const std::optional<double> value = cursor_.number()) {
      column.numbers.push_back(*value);
      return;
    }
    const std::string_view cell = cursor_.cell();
    if (means_missing(cell)) {
      column.numbers.push_back(kMissing);
      return;
    }
    const std::optional<double> value = to_number(cell);
    column.numbers.push_back(value.value_or(kMissing));
    if (value || !cursor_.fault().empty()) return;
    if (!collect_) return fail(line, c, fmt::format("`{}` is not a number", shown(cell)));
    if (counts_[c].count++ == 0) counts_[c].first = {c, line, shown(cell)};
  }

  void read_text(std::size_t c, std::int64_t line, std::size_t place) {
    const std::string_view cell = cursor_.cell();
    Column& column = rows_.columns[place];
    if (means_missing(cell)) {
      column.codes.push_back(kMissingText);
      return;
    }
    const std::size_t before = column.texts.size();
    column.codes.push_back(places_[place].place(cell, column));
    if (column.texts.size() > before && !is_utf8(cell))
      fail(line, c, "the text is not UTF-8", {"`iconv -f latin1 -t utf8` may convert the file"});
  }

  Cursor cursor_;
  std::span<const CellKind> kinds_;
  bool collect_;
  std::vector<CsvReader::Misfits> counts_;
  std::vector<TextPlaces> places_;
  ParsedRows rows_;
};

}  // namespace

std::int32_t TextPlaces::place(std::string_view text, Column& column) {
  if (auto known = places_.find(text); known != places_.end()) return known->second;
  if (column.texts.size() == kMostTexts) return static_cast<std::int32_t>(kMostTexts - 1);
  const auto place = static_cast<std::int32_t>(column.texts.size());
  column.texts.emplace_back(text);
  places_.emplace(text, place);
  return place;
}

void append(const Column& part, TextPlaces& places, Column& column) {
  column.numbers.insert(column.numbers.end(), part.numbers.begin(), part.numbers.end());
  std::vector<std::int32_t> codes;
  for (const std::string& text : part.texts) codes.push_back(places.place(text, column));
  for (std::int32_t code : part.codes)
    column.codes.push_back(code == kMissingText ? code : codes[static_cast<std::size_t>(code)]);
}

bool means_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 10> kWords{"",    "NA",   "N/A",  "n/a",  "NaN",
                                                    "nan", "NULL", "null", "None", "?"};
  return std::ranges::find(kWords, cell) != kWords.end();
}

std::optional<double> to_number(std::string_view cell) {
  if (cell.starts_with('+')) cell.remove_prefix(1);
  double value = 0;
  const std::from_chars_result read = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (read.ptr != cell.data() + cell.size()) return std::nullopt;
  // Too small a number is 0 or nearly so; too large a one is none.
  if (read.ec == std::errc::result_out_of_range) value = std::strtod(std::string(cell).c_str(), nullptr);
  else if (read.ec != std::errc()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

ParsedRows parse_rows(std::string_view text, char separator, std::span<const CellKind> kinds, bool collect) {
  return RowParser(text, separator, kinds, collect).run();
}

FirstRow parse_first_row(std::string_view text, char separator) {
  FirstRow row;
  Cursor cursor(text, separator);
  while (!cursor.at_end() && cursor.skip_empty_line()) {
  }
  if (cursor.at_end()) return row;
  do {
    row.cells.emplace_back(cursor.cell());
    if (!is_utf8(row.cells.back()))
      row.fault = {cursor.line(),
                   row.cells.size() - 1,
                   "the text is not UTF-8",
                   {"`iconv -f latin1 -t utf8` may convert the file"}};
    if (!cursor.fault().empty()) row.fault = {cursor.line(), std::nullopt, cursor.fault(), {}};
  } while (!cursor.row_ended());
  row.bytes = cursor.bytes();
  row.lines = cursor.line();
  return row;
}

std::size_t whole_rows(std::string_view text, char separator) {
  if (text.find('"') == std::string_view::npos) return text.rfind('\n') + 1;
  enum class In : std::uint8_t { kStart, kPlain, kQuotes, kClosed } in = In::kStart;
  std::size_t whole = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in == In::kQuotes) {
      if (c == '"') in = In::kClosed;
    } else if (c == '"' && in != In::kPlain) {
      in = In::kQuotes;
    } else if (c == separator || c == '\n') {
      in = In::kStart;
      if (c == '\n') whole = i + 1;
    } else if (in == In::kStart && !is_blank(c)) {
      in = In::kPlain;
    }
  }
  return whole;
}

}  // namespace netc::runtime

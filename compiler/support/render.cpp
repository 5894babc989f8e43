#include "compiler/support/render.h"

#include <algorithm>
#include <map>

#include "compiler/support/excerpt.h"
#include "compiler/support/utf8.h"

namespace netc {
namespace {

enum class Style { kPlain, kBold, kError, kWarning, kPlace };

std::string_view escape_code(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kBold: return "\x1b[1m";
    case Style::kError: return "\x1b[1;31m";
    case Style::kWarning: return "\x1b[1;33m";
    case Style::kPlace: return "\x1b[1;34m";
  }
  return "";
}

// The primary span or a label.
struct Mark {
  Span span;
  std::string_view text;
  bool primary;
};

// A mark on its line: columns as shown.
struct PlacedMark {
  Columns columns;
  const Mark* mark;
};

using Lines = std::map<std::uint32_t, std::vector<const Mark*>>;

class Renderer {
 public:
  Renderer(const Sources& sources, const Diagnostic& diagnostic, const RenderOptions& options)
      : sources_(sources), diagnostic_(diagnostic), color_(options.color) {
    marks_.push_back({diagnostic.span, diagnostic.caret, true});
    for (const Label& label : diagnostic.labels) marks_.push_back({label.span, label.text, false});
    std::uint32_t last_line = 1;
    for (const Mark& mark : marks_) last_line = std::max(last_line, line_of(mark.span));
    gutter_ = std::to_string(last_line).size() + 1;
  }

  std::string run() {
    const bool error = diagnostic_.severity == Severity::kError;
    out_ += paint(primary_style(), error ? "error" : "warning");
    out_ += paint(Style::kBold, ": " + printable(diagnostic_.message)) + '\n';
    std::vector<SourceId> shown;
    for (const Mark& mark : marks_) {
      if (std::find(shown.begin(), shown.end(), mark.span.source) != shown.end()) continue;
      show_source(mark, shown.empty() ? "-->" : ":::");
      shown.push_back(mark.span.source);
    }
    if (!diagnostic_.hints.empty()) show_gutter();
    for (const std::string& hint : diagnostic_.hints)
      out_ += std::string(gutter_, ' ') + paint(Style::kPlace, "=") + paint(Style::kBold, " hint: ") +
              printable(hint) + '\n';
    return std::move(out_);
  }

 private:
  Style primary_style() const {
    return diagnostic_.severity == Severity::kError ? Style::kError : Style::kWarning;
  }
  std::string paint(Style style, std::string text) const {
    if (!color_ || text.empty() || style == Style::kPlain) return text;
    return std::string(escape_code(style)) + std::move(text) + "\x1b[0m";
  }
  std::uint32_t line_of(Span span) const { return sources_.position(span.source, span.begin).line; }

  void show_gutter() { out_ += std::string(gutter_, ' ') + paint(Style::kPlace, "|") + '\n'; }

  // All marks of one source: its name with the place of the first of them, then the lines they stand on.
  void show_source(const Mark& first, std::string_view arrow) {
    const Position position = sources_.position(first.span.source, first.span.begin);
    out_ += std::string(gutter_, ' ') + paint(Style::kPlace, std::string(arrow));
    out_ += fmt::format(" {}:{}:{}\n", printable(sources_.name(first.span.source)), position.line,
                        position.column);
    show_gutter();
    Lines lines;
    for (const Mark& mark : marks_)
      if (mark.span.source == first.span.source) lines[line_of(mark.span)].push_back(&mark);
    std::uint32_t previous = lines.begin()->first;
    for (const auto& [number, marks] : lines) {
      if (number > previous + 1) out_ += paint(Style::kPlace, "...") + '\n';
      show_line(first.span.source, number, marks);
      previous = number;
    }
  }

  void show_line(SourceId source, std::uint32_t number, const std::vector<const Mark*>& marks) {
    const std::string_view line = sources_.line(source, number);
    const std::uint32_t begin = sources_.line_begin(source, number);
    const auto within = [&](std::uint32_t offset) {
      return std::min<std::uint32_t>(std::max(offset, begin) - begin,
                                     static_cast<std::uint32_t>(line.size()));
    };
    const Excerpt excerpt(line, within(marks.front()->span.begin));
    add_row(fmt::format("{:<{}}", number, gutter_), excerpt.text());
    std::vector<PlacedMark> placed;
    for (const Mark* mark : marks)
      placed.push_back({excerpt.columns(within(mark->span.begin), within(mark->span.end)), mark});
    show_marks(std::move(placed));
  }

  // The marks under the line with the words of the last one behind them; below, the others, rightmost first.
  void show_marks(std::vector<PlacedMark> marks) {
    std::stable_sort(marks.begin(), marks.end(),
                     [](const PlacedMark& a, const PlacedMark& b) { return a.columns.end < b.columns.end; });
    std::string row(marks.back().columns.end, ' ');
    for (const bool primary : {false, true})
      for (const PlacedMark& placed : marks)
        if (placed.mark->primary == primary)
          std::fill(row.begin() + placed.columns.begin, row.begin() + placed.columns.end,
                    primary ? '^' : '-');
    add_mark_row(row, *marks.back().mark);
    marks.pop_back();
    std::erase_if(marks, [](const PlacedMark& placed) { return placed.mark->text.empty(); });
    std::stable_sort(marks.begin(), marks.end(), [](const PlacedMark& a, const PlacedMark& b) {
      return a.columns.begin < b.columns.begin;
    });
    while (!marks.empty()) {
      row.assign(marks.back().columns.begin, ' ');
      for (const PlacedMark& placed : marks)
        if (placed.columns.begin < row.size()) row[placed.columns.begin] = '|';
      const Mark& mark = *marks.back().mark;
      marks.pop_back();
      add_words_row(row, mark);
    }
  }

  void add_mark_row(const std::string& row, const Mark& mark) {
    std::string text;
    for (std::size_t begin = 0; begin < row.size();) {
      const std::size_t end = std::min(row.find_first_not_of(row[begin], begin), row.size());
      const Style style = row[begin] == '^'   ? primary_style()
                          : row[begin] == '-' ? Style::kPlace
                                              : Style::kPlain;
      text += paint(style, row.substr(begin, end - begin));
      begin = end;
    }
    if (!mark.text.empty()) text += ' ' + words(mark);
    add_row(std::string(gutter_, ' '), text);
  }

  void add_words_row(const std::string& row, const Mark& mark) {
    add_row(std::string(gutter_, ' '),
            paint(row.find('|') == row.npos ? Style::kPlain : Style::kPlace, row) + words(mark));
  }

  std::string words(const Mark& mark) const {
    return paint(mark.primary ? primary_style() : Style::kPlace, printable(mark.text));
  }

  void add_row(const std::string& margin, const std::string& text) {
    out_ += paint(Style::kPlace, margin + '|');
    if (!text.empty()) out_ += ' ' + text;
    out_ += '\n';
  }

  const Sources& sources_;
  const Diagnostic& diagnostic_;
  const bool color_;
  std::vector<Mark> marks_;
  std::size_t gutter_ = 2;
  std::string out_;
};

}  // namespace

std::string render(const Sources& sources, const Diagnostic& diagnostic, const RenderOptions& options) {
  return Renderer(sources, diagnostic, options).run();
}

std::string render_all(const Sources& sources, const Diagnostics& diagnostics, const RenderOptions& options) {
  std::string all;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    if (!all.empty()) all += '\n';
    all += render(sources, diagnostic, options);
  }
  return all;
}

}  // namespace netc

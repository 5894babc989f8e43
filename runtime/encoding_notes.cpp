#include <fmt/format.h>

#include <algorithm>

#include "runtime/encoding.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

void add_notes(std::vector<EncodingNotes::Note>& to, const std::vector<EncodingNotes::Note>& from) {
  for (const EncodingNotes::Note& note : from) {
    auto known = std::ranges::find(to, note.column, &EncodingNotes::Note::column);
    if (known == to.end()) to.push_back(note);
    else known->count += note.count;
  }
}

std::string rows(std::int64_t count) {
  return fmt::format("{} row{}", with_commas(count), count == 1 ? "" : "s");
}

}  // namespace

void add(EncodingNotes& to, const EncodingNotes& from) {
  add_notes(to.missing, from.missing);
  add_notes(to.unknown, from.unknown);
}

std::vector<std::string> to_lines(const EncodingNotes& notes, bool median) {
  std::vector<std::string> lines;
  for (const EncodingNotes::Note& note : notes.missing)
    lines.push_back(on_one_line(
        fmt::format("column `{}` is missing in {}, the first in {}: the {} of the others stands for it",
                    note.column, rows(note.count), note.first, median ? "median" : "mean")));
  for (const EncodingNotes::Note& note : notes.unknown)
    lines.push_back(on_one_line(fmt::format(
        "column `{}` has texts in {} that no row has that trains, the first {}: they count as none",
        note.column, rows(note.count), note.first)));
  return lines;
}

}  // namespace netc::runtime

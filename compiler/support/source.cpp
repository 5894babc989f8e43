#include "compiler/support/source.h"

#include <algorithm>
#include <limits>

#include "compiler/support/check.h"
#include "compiler/support/utf8.h"

namespace netc {
namespace {

constexpr std::uint32_t kKilobyte = 1024;

std::uint32_t count_code_points(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), is_code_point_start));
}

}  // namespace

Span cover(Span first, Span last) {
  NETC_CHECK(first.source == last.source, "a span reaches over two sources");
  return {first.source, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

SourceId Sources::add(std::string name, std::string text) {
  NETC_CHECK(text.size() < std::numeric_limits<std::uint32_t>::max(), "a source of 4 GiB or more");
  File& file = files_.emplace_back(File{std::move(name), std::move(text), {}, {}});
  const std::string_view all = file.text;
  file.line_begins.push_back(
      all.starts_with(kByteOrderMark) ? static_cast<std::uint32_t>(kByteOrderMark.size()) : 0);
  for (std::size_t end = all.find('\n'); end != all.npos; end = all.find('\n', end + 1))
    file.line_begins.push_back(static_cast<std::uint32_t>(end + 1));
  file.code_points.push_back(0);
  for (std::size_t begin = 0; begin + kKilobyte <= all.size(); begin += kKilobyte)
    file.code_points.push_back(file.code_points.back() + count_code_points(all.substr(begin, kKilobyte)));
  return SourceId{static_cast<std::uint32_t>(files_.size() - 1)};
}

const Sources::File& Sources::file(SourceId id) const {
  const auto index = static_cast<std::size_t>(id);
  NETC_CHECK(index < files_.size(), "a span of a source that does not exist");
  return files_[index];
}

const std::string& Sources::name(SourceId id) const { return file(id).name; }

const std::string& Sources::text(SourceId id) const { return file(id).text; }

std::string_view Sources::text(Span span) const {
  const std::string_view all = text(span.source);
  NETC_CHECK(span.begin <= span.end && span.end <= all.size(), "a span outside of its source");
  return all.substr(span.begin, span.end - span.begin);
}

std::uint32_t Sources::code_points_before(const File& file, std::uint32_t offset) {
  const std::uint32_t whole = offset / kKilobyte;
  const std::uint32_t begin = whole * kKilobyte;
  return file.code_points[whole] +
         count_code_points(std::string_view(file.text).substr(begin, offset - begin));
}

Position Sources::position(SourceId id, std::uint32_t offset) const {
  const File& source = file(id);
  const auto last = static_cast<std::uint32_t>(source.text.size());
  offset = std::clamp(offset, source.line_begins.front(), last);
  const auto after = std::upper_bound(source.line_begins.begin(), source.line_begins.end(), offset);
  const std::uint32_t before_line = code_points_before(source, *(after - 1));
  return {static_cast<std::uint32_t>(after - source.line_begins.begin()),
          code_points_before(source, offset) - before_line + 1};
}

std::uint32_t Sources::line_begin(SourceId id, std::uint32_t number) const {
  const File& source = file(id);
  NETC_CHECK(number >= 1 && number <= source.line_begins.size(), "a line outside of its source");
  return source.line_begins[number - 1];
}

std::string_view Sources::line(SourceId id, std::uint32_t number) const {
  std::string_view rest = std::string_view(text(id)).substr(line_begin(id, number));
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

}  // namespace netc

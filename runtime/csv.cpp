#include "runtime/csv.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "runtime/csv_cells.h"
#include "runtime/files.h"
#include "runtime/report.h"
#include "runtime/tasks.h"

namespace netc::runtime {
namespace {

constexpr std::size_t kBlock = std::size_t{4} << 20;  // bytes that are read at once for each thread
// Bytes that a task parses: so few that the columns of a wide table stay in the core's cache.
constexpr std::size_t kPart = std::size_t{1} << 19;
constexpr std::size_t kLongestRow = std::size_t{16} << 20;
constexpr std::size_t kGuessRows = 1000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Bytes of a file or a pipe, in order.
class ByteSource {
 public:
  explicit ByteSource(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {
    struct stat about{};
    if (::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode))
      size_ = static_cast<std::size_t>(about.st_size);
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource() {
    if (owned_) ::close(descriptor_);
  }

  // Adds what there is, `most` bytes at most. False at the end, an errno where it cannot be read.
  Result<bool> read(std::string& text, std::size_t most) {
    const std::size_t before = text.size();
    // No more room than the file may need, and to see that it ends.
    if (size_) most = std::min(most, std::max(*size_, done_) - done_ + 1);
    text.resize(before + most);
    ssize_t got = 0;
    do got = ::read(descriptor_, text.data() + before, most);
    while (got < 0 && errno == EINTR);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return Error{system_message(errno), {}};
    done_ += static_cast<std::size_t>(got);
    return got > 0;
  }

 private:
  int descriptor_;
  bool owned_;
  std::optional<std::size_t> size_;  // of a file
  std::size_t done_ = 0;
};

// Where `text` may be cut into parts, each of whole rows.
std::vector<std::string_view> cut(std::string_view text) {
  std::vector<std::string_view> parts;
  const bool quotes = text.find('"') != std::string_view::npos;
  const std::size_t wanted = quotes ? text.size() : kPart;
  while (!text.empty()) {
    std::size_t size = text.size();
    if (wanted < size) size = text.find('\n', wanted) + 1;
    parts.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return parts;
}

}  // namespace

struct CsvReader::State {
  State(std::string file, CsvFormat csv_format, int descriptor, bool owned)
      : path(std::move(file)), format(csv_format), source(descriptor, owned) {}

  std::string path;
  CsvFormat format;
  ByteSource source;
  std::string text;  // read, but not parsed
  bool source_ended = false;
  std::int64_t line = 1;  // of the text's first byte
  std::vector<std::string> names;
  std::vector<CellKind> kinds;
  bool collect = false;
  std::vector<Misfits> misfits;
  std::optional<Error> pending;  // behind the rows that were returned

  Error fault(const ParsedRows::Fault& found, std::int64_t first_line) const {
    std::string column;
    if (found.column && *found.column < names.size())
      column = fmt::format(", column `{}`", names[*found.column]);
    return {fmt::format("`{}`, line {}{}: {}", path, first_line + found.line, column, found.what),
            found.hints};
  }

  // Until the text holds a whole row, or all there is. The size of its whole rows.
  Result<std::size_t> fill(std::size_t most);
  Status read_more(std::size_t most);
  void skip_byte_order_mark();
  Status read_header();
};

Status CsvReader::State::read_more(std::size_t most) {
  const std::size_t before = text.size();
  Result<bool> more = source.read(text, most);
  if (!more) return cannot_read(path, more.error().message);
  if (line == 1 && (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")))
    return Error{fmt::format("`{}` is UTF-16, not UTF-8", path), {"`iconv -f utf16 -t utf8` may convert it"}};
  const std::size_t zero = text.find('\0', before);
  if (zero != std::string::npos) {
    const std::int64_t at =
        line + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    return Error{fmt::format("`{}`, line {}: a zero byte: this is not a text file", path, at), {}};
  }
  if (!*more) {
    source_ended = true;
    if (!text.empty() && text.back() != '\n') text += '\n';
  }
  return Done{};
}

Result<std::size_t> CsvReader::State::fill(std::size_t most) {
  for (;;) {
    if (const std::size_t whole = whole_rows(text, format.separator); whole > 0) return whole;
    // What is left is no whole row: a quote is open.
    if (source_ended) return text.size();
    if (text.size() > kLongestRow)
      return Error{fmt::format("`{}`, line {}: the row has more than 16 MB", path, line),
                   {"a quote may not be closed"}};
    if (Status status = read_more(most); !status) return status.error();
  }
}

void CsvReader::State::skip_byte_order_mark() {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
}

Status CsvReader::State::read_header() {
  while (text.size() < 3 && !source_ended)
    if (Status status = read_more(kBlock); !status) return status;
  skip_byte_order_mark();
  Result<std::size_t> whole = fill(kBlock);
  if (!whole) return whole.error();
  const FirstRow first = parse_first_row({text.data(), *whole}, format.separator);
  if (first.fault) return fault(*first.fault, line);
  if (first.cells.empty()) return Error{fmt::format("`{}` is empty", path), {}};
  if (std::string_view(text.data(), first.bytes).find('\r') < first.bytes - 2)
    return Error{fmt::format("`{}`, line 1: a line ends in CR alone", path),
                 {"`tr '\\r' '\\n'` may convert the file"}};
  for (std::size_t c = 0; c < first.cells.size(); ++c) {
    const bool named = format.header && !first.cells[c].empty();
    names.push_back(named ? first.cells[c] : std::to_string(c + 1));
  }
  std::set<std::string> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second)
      return Error{fmt::format("`{}`, line {}: two columns are called `{}`", path, line, name), {}};
  const bool numbers =
      std::ranges::all_of(first.cells, [](const std::string& cell) { return to_number(cell).has_value(); });
  if (format.header && numbers)
    return Error{fmt::format("`{}`: the first row holds numbers, not the columns' names", path),
                 {"with `no_header` the columns are called 1, 2, ..."}};
  if (format.header) {
    text.erase(0, first.bytes);
    line += first.lines;
  }
  kinds.assign(names.size(), CellKind::kText);
  misfits.resize(names.size());
  return Done{};
}

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::open(const std::string& path, CsvFormat format) {
  std::unique_ptr<State> state;
  if (path == "-") {
    state = std::make_unique<State>("stdin", format, STDIN_FILENO, false);
  } else {
    if (Result<InputFile> regular = InputFile::open(path, "a table"); !regular) return regular.error();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return cannot_read(path, errno);
    state = std::make_unique<State>(path, format, descriptor, true);
  }
  if (Status status = state->read_header(); !status) return status.error();
  return CsvReader(std::move(state));
}

const std::vector<std::string>& CsvReader::names() const { return state_->names; }

std::vector<CellKind> CsvReader::guess_kinds() const {
  const std::string& text = state_->text;
  std::size_t size = 0;
  for (std::size_t row = 0; row < kGuessRows && size < text.size(); ++row) {
    const std::size_t next = text.find('\n', size);
    if (next == std::string::npos) break;
    size = next + 1;
  }
  size = whole_rows({text.data(), size}, state_->format.separator);
  const std::vector<CellKind> texts(names().size(), CellKind::kText);
  const ParsedRows rows = parse_rows({text.data(), size}, state_->format.separator, texts, true);
  std::vector<CellKind> kinds;
  for (const Column& column : rows.columns) {
    std::int64_t numbers = 0, cells = 0;
    for (std::int32_t code : column.codes) {
      if (code == kMissingText) continue;
      ++cells;
      numbers += to_number(column.texts[static_cast<std::size_t>(code)]).has_value();
    }
    kinds.push_back(10 * numbers >= 9 * cells ? CellKind::kNumber : CellKind::kText);
  }
  return kinds;
}

void CsvReader::choose(std::vector<CellKind> kinds) { state_->kinds = std::move(kinds); }
void CsvReader::collect_misfits() { state_->collect = true; }
const std::vector<CsvReader::Misfits>& CsvReader::misfits() const { return state_->misfits; }

Result<Table> CsvReader::next(int threads) {
  State& state = *state_;
  Table table{.name = state.path, .columns = {}, .lines = {}, .sample_extents = {}};
  for (std::size_t c = 0; c < state.names.size(); ++c) {
    if (state.kinds[c] == CellKind::kSkipped) continue;
    table.columns.push_back({.name = state.names[c],
                             .is_text = state.kinds[c] == CellKind::kText,
                             .numbers = {},
                             .codes = {},
                             .texts = {}});
  }
  std::vector<TextPlaces> places(table.columns.size());
  const std::size_t block = kBlock * static_cast<std::size_t>(threads);
  while (table.rows == 0) {
    if (state.pending) return *state.pending;
    Result<std::size_t> whole = state.fill(block);
    if (!whole) return whole.error();
    if (*whole == 0) return table;
    const std::vector<std::string_view> parts = cut({state.text.data(), *whole});
    std::vector<ParsedRows> parsed(parts.size());
    run_tasks(parts.size(), threads, [&](std::size_t i) {
      parsed[i] = parse_rows(parts[i], state.format.separator, state.kinds, state.collect);
    });
    for (ParsedRows& rows : parsed) {
      for (std::size_t c = 0; c < table.columns.size(); ++c)
        append(rows.columns[c], places[c], table.columns[c]);
      for (std::uint32_t line : rows.lines)
        table.lines.push_back(static_cast<std::uint32_t>(state.line) + line);
      for (auto& [column, found] : rows.misfits) {
        Misfits& all = state.misfits[column];
        found.first.line += state.line;
        if (all.count == 0) all.first = found.first;
        all.count += found.count;
      }
      table.rows += rows.rows;
      // What stands in front of it is good.
      if (rows.fault) state.pending = state.fault(*rows.fault, state.line);
      if (state.pending) break;
      state.line += rows.line_count;
    }
    state.text.erase(0, *whole);
  }
  return table;
}

}  // namespace netc::runtime

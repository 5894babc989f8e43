#include "runtime/metrics_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "runtime/report.h"

namespace netc::runtime {
namespace {

constexpr std::size_t kLineWidth = 100;
constexpr const char* kIndent = "         ";
// A matrix of more classes does not fit a screen: then only what is confused most often is told.
constexpr std::size_t kMostMatrixClasses = 20, kMostConfusions = 10;

bool has_column(const MetricResult& result) { return !result.metric->heading.empty(); }

// Letters, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, width_of(text)), ' ') + text;
}

// The classes' names, without what would move the cursor.
std::vector<std::string> row_names(const TestReport& test) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < test.support.size(); ++c) {
    names.push_back(c < test.class_names.size() ? test.class_names[c] : std::to_string(c));
    std::ranges::replace_if(names.back(), [](unsigned char x) { return x < ' ' || x == 0x7f; }, ' ');
  }
  return names;
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format(" {:>9.4f}", *value) : fmt::format(" {:>9}", "-");
}

class ClassTable {
 public:
  explicit ClassTable(const TestReport& test) : test_(test), names_(row_names(test)) {
    for (const MetricResult& result : test.metrics)
      if (result.shown && has_column(result)) columns_.push_back(&result);
    for (const std::string& name : names_) width_ = std::max(width_, width_of(name));
  }

  std::string text() const {
    if (columns_.empty()) return "";
    std::string text = right("", width_) + " ";
    for (const MetricResult* column : columns_) text += fmt::format(" {:>9}", column->metric->heading);
    text += fmt::format(" {:>9}\n\n", "support");
    for (std::size_t c = 0; c < names_.size(); ++c)
      if (occurs(c)) text += class_row(c);
    return text + "\n" + accuracy_row() + mean_row("macro avg", &MetricScore::value) +
           mean_row("weighted avg", &MetricScore::weighted) + absent_line();
  }

 private:
  // Among the samples or the predictions.
  bool occurs(std::size_t c) const {
    return test_.support[c] > 0 || std::ranges::any_of(columns_, [&](const MetricResult* column) {
             return c < column->score.parts.size() && column->score.parts[c];
           });
  }

  std::string class_row(std::size_t c) const {
    std::string text = right(names_[c], width_) + " ";
    for (const MetricResult* column : columns_)
      text += cell(c < column->score.parts.size() ? column->score.parts[c] : std::nullopt);
    return text + fmt::format(" {:>9}\n", test_.support[c]);
  }

  std::string accuracy_row() const {
    std::string text = right("accuracy", width_) + " ";
    for (std::size_t i = 1; i < columns_.size(); ++i) text += fmt::format(" {:>9}", "");
    return text + cell(test_.scores.accuracy) + fmt::format(" {:>9}\n", test_.samples);
  }

  std::string mean_row(const std::string& name, std::optional<double> MetricScore::* mean) const {
    std::string text = right(name, width_) + " ";
    for (const MetricResult* column : columns_) text += cell(column->score.*mean);
    return text + fmt::format(" {:>9}\n", test_.samples);
  }

  std::string absent_line() const {
    std::vector<std::string> absent;
    for (std::size_t c = 0; c < names_.size(); ++c)
      if (!occurs(c)) absent.push_back(names_[c]);
    if (absent.empty()) return "";
    return fmt::format("\nnot among these samples, and never predicted: {}\n", fmt::join(absent, ", "));
  }

  const TestReport& test_;
  std::vector<std::string> names_;
  std::vector<const MetricResult*> columns_;
  std::size_t width_ = std::string_view("weighted avg").size();
};

std::string matrix_table(const std::vector<std::vector<std::int64_t>>& matrix,
                         const std::vector<std::string>& names) {
  std::vector<std::size_t> widths;
  std::size_t first = std::string_view("is \\ predicted").size();
  for (std::size_t c = 0; c < names.size(); ++c) {
    std::size_t width = std::max<std::size_t>(width_of(names[c]), 5);
    for (const std::vector<std::int64_t>& row : matrix)
      width = std::max(width, fmt::formatted_size("{}", row[c]));
    widths.push_back(width + 1);
    first = std::max(first, width_of(names[c]));
  }
  std::string text = right("is \\ predicted", first);
  for (std::size_t c = 0; c < names.size(); ++c) text += right(names[c], widths[c]);
  text += "\n";
  for (std::size_t row = 0; row < names.size(); ++row) {
    text += right(names[row], first);
    for (std::size_t c = 0; c < names.size(); ++c) text += right(std::to_string(matrix[row][c]), widths[c]);
    text += "\n";
  }
  return text;
}

std::string confusions(const std::vector<std::vector<std::int64_t>>& matrix,
                       const std::vector<std::string>& names) {
  struct Confusion {
    std::int64_t count = 0;
    std::size_t actual = 0, predicted = 0;
  };
  std::vector<Confusion> list;
  for (std::size_t row = 0; row < matrix.size(); ++row)
    for (std::size_t c = 0; c < matrix.size(); ++c)
      if (c != row && matrix[row][c] > 0) list.push_back({matrix[row][c], row, c});
  std::ranges::sort(list, [](const Confusion& one, const Confusion& other) {
    return std::tuple(-one.count, one.actual, one.predicted) <
           std::tuple(-other.count, other.actual, other.predicted);
  });
  std::string text =
      list.empty() ? "no class is taken for another\n" : "most often taken for another class:\n";
  for (const Confusion& confusion : std::span(list).first(std::min(list.size(), kMostConfusions)))
    text += fmt::format("{:>9}  {} for {}\n", confusion.count, names[confusion.actual],
                        names[confusion.predicted]);
  return text;
}

std::string matrix_text(const TestReport& test) {
  const auto found = std::ranges::find_if(
      test.metrics, [](const MetricResult& result) { return result.shown && !result.score.matrix.empty(); });
  if (found == test.metrics.end()) return "";
  const std::vector<std::string> names = row_names(test);
  const auto& matrix = found->score.matrix;
  return matrix.size() > kMostMatrixClasses ? confusions(matrix, names) : matrix_table(matrix, names);
}

}  // namespace

std::string value_text(const MetricResult& result) {
  const MetricScore& score = result.score;
  if (!score.value) return "undefined";
  const bool share = result.metric != nullptr && result.metric->share;
  const double unit = share ? 100 : 1, value = unit * *score.value;
  const double magnitude = std::fabs(value);
  const bool plain = share || magnitude == 0 || (magnitude >= 0.001 && magnitude < 1e6);
  int decimals = share ? 2 : 4;
  for (double bound = 10; !share && decimals > 0 && magnitude >= bound; bound *= 10) --decimals;
  auto number = [&](double x) {
    return plain ? fmt::format("{:.{}f}", x, decimals) : fmt::format("{:.3e}", x);
  };
  std::string text = number(value) + (share ? " %" : "");
  if (score.standard_error) text += " ± " + number(unit * *score.standard_error);
  return text;
}

std::string value_line(std::string_view title, std::span<const std::string> values) {
  std::string text = fmt::format("{:<9}", title), line;
  for (const std::string& value : values) {
    if (!line.empty() && width_of(line) + width_of(value) > kLineWidth) {
      text += line + "\n" + kIndent;
      line.clear();
    }
    line += (line.empty() ? "" : "   ") + value;
  }
  return text + line + "\n";
}

std::string test_lines(const TestReport& test) {
  std::vector<std::string> items;
  for (const MetricResult& result : test.metrics) {
    if (!result.shown || has_column(result) || !result.score.matrix.empty()) continue;
    items.push_back(fmt::format("{} {}", result.name, value_text(result)));
  }
  items.push_back("loss " + loss_text(test.scores.loss));
  std::string text = value_line("test", items);
  const std::string table = ClassTable(test).text(), matrix = matrix_text(test);
  for (const std::string& block : {table, matrix})
    if (!block.empty()) text += "\n" + block;
  return text + (table.empty() && matrix.empty() ? "" : "\n");
}

}  // namespace netc::runtime

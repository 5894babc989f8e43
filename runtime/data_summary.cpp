#include "runtime/data_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "runtime/report.h"

namespace netc::runtime {
namespace {

constexpr std::size_t kNamed = 5;         // texts or classes in a line
constexpr std::size_t kMostClasses = 20;  // whole numbers that may be classes

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

std::string shown(const std::string& text) {
  std::string line = text.substr(0, 40);
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line.empty() ? "\"\"" : line;
}

// `red 12, blue 3, and 4 more`
std::string text_of(const Counts& counts, std::int64_t all) {
  std::vector<std::string> words;
  for (const auto& [name, count] : counts) {
    if (words.size() == kNamed) break;
    words.push_back(
        fmt::format("{} {} ({:.1f} %)", shown(name), with_commas(count),
                    100 * static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(all, 1))));
  }
  const std::size_t more = counts.size() - words.size();
  return fmt::format(
      "{}{}", fmt::join(words, ", "),
      more > 0 ? fmt::format(", and {} more", with_commas(static_cast<std::int64_t>(more))) : "");
}

void sort_by_count(Counts& counts) {
  std::ranges::sort(counts, std::less(),
                    [](const auto& count) { return std::pair(-count.second, count.first); });
}

// What is in a column.
struct ColumnFacts {
  std::int64_t missing = 0;
  std::size_t different = 0;
  double least = 0, mean = 0, deviation = 0, most = 0;
  Counts counts;  // of texts, and of few numbers in their order

  explicit ColumnFacts(const Column& column) {
    if (column.is_text) of_texts(column);
    else of_numbers(column);
  }

 private:
  void of_texts(const Column& column) {
    std::vector<std::int64_t> counted(column.texts.size());
    for (std::int32_t code : column.codes) {
      if (code == kMissingText) ++missing;
      else ++counted[static_cast<std::size_t>(code)];
    }
    for (std::size_t i = 0; i < counted.size(); ++i) counts.emplace_back(column.texts[i], counted[i]);
    different = counts.size();
    sort_by_count(counts);
  }

  void of_numbers(const Column& column) {
    std::vector<double> values;
    for (double x : column.numbers) {
      if (!std::isnan(x)) values.push_back(x);
    }
    missing = static_cast<std::int64_t>(column.numbers.size() - values.size());
    if (values.empty()) return;
    std::ranges::sort(values);
    least = values.front();
    most = values.back();
    const auto count = static_cast<double>(values.size());
    for (double x : values) mean += x / count;
    for (double x : values) deviation += (x - mean) * (x - mean) / count;
    deviation = std::sqrt(deviation);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == 0 || values[i] != values[i - 1]) {
        ++different;
        if (different <= kMostClasses) counts.emplace_back(fmt::format("{}", values[i]), 0);
      }
      if (different <= kMostClasses) ++counts.back().second;
    }
  }
};

std::string column_line(const Column& column, const ColumnFacts& facts, std::int64_t rows,
                        std::size_t width) {
  const std::string missing = facts.missing > 0 ? with_commas(facts.missing) : "";
  const std::string different = with_commas(static_cast<std::int64_t>(facts.different));
  std::string line = fmt::format("{:<{}}  {:<7}  {:>7}  {:>9}  ", shown(column.name), width,
                                 column.is_text ? "texts" : "numbers", missing, different);
  if (column.is_text) return line + text_of(facts.counts, rows - facts.missing) + "\n";
  if (facts.different == 0) return line + "nothing\n";
  line += fmt::format("{:.5g} to {:.5g}, mean {:.5g}, deviation {:.5g}", facts.least, facts.most, facts.mean,
                      facts.deviation);
  return line + (facts.different == 1 ? ": always the same\n" : "\n");
}

// As training would take it.
std::string target_line(const Column& column, const ColumnFacts& facts, const TableSettings& settings,
                        std::int64_t rows) {
  const bool whole =
      !column.is_text && facts.different <= kMostClasses &&
      std::ranges::all_of(column.numbers, [](double x) { return std::isnan(x) || x == std::floor(x); });
  const bool classes =
      settings.task == Task::kClasses || (settings.task == Task::kByTarget && (column.is_text || whole));
  if (!classes) return fmt::format("target `{}`: a number\n", shown(column.name));
  return fmt::format("target `{}`: {} classes: {}\n", shown(column.name),
                     with_commas(static_cast<std::int64_t>(facts.different)),
                     text_of(facts.counts, rows - facts.missing));
}

// Images as characters, two a pixel; or in colour, each character two pixels one over the other.
class Picture {
 public:
  Picture(std::int64_t height, std::int64_t width, std::int64_t channels)
      : height_(height), width_(width), channels_(channels) {}

  std::string draw(const std::vector<const std::uint8_t*>& images, bool terminal) const {
    std::string text;
    for (std::int64_t row = 0; row < height_ / step(); row += 2) {
      for (const std::uint8_t* image : images) {
        for (std::int64_t column = 0; column < width_ / step(); ++column)
          text += terminal ? block(image, row, column) : character(image, row, column);
        text += terminal ? "\033[0m  " : "  ";
      }
      while (text.ends_with(' ')) text.pop_back();
      text += "\n";
    }
    return text;
  }
  // How many stand beside one another.
  std::size_t fit() const {
    constexpr std::int64_t kColumns = 100;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(kColumns / (width_ / step() + 2), 1, 8));
  }

 private:
  // Large images lose pixels.
  std::int64_t step() const { return (std::max(width_, height_) + 47) / 48; }
  std::uint8_t at(const std::uint8_t* image, std::int64_t row, std::int64_t column,
                  std::int64_t channel) const {
    row = std::min(row * step(), height_ - 1);
    return image[(row * width_ + column * step()) * channels_ + (channels_ == 3 ? channel : 0)];
  }
  std::string block(const std::uint8_t* image, std::int64_t row, std::int64_t column) const {
    auto pixel = [&](std::int64_t r) {
      return fmt::format("{};{};{}", at(image, r, column, 0), at(image, r, column, 1),
                         at(image, r, column, 2));
    };
    return fmt::format("\033[38;2;{}m\033[48;2;{}m▀", pixel(row), pixel(row + 1));
  }
  std::string character(const std::uint8_t* image, std::int64_t row, std::int64_t column) const {
    constexpr std::string_view kRamp = " .:-=+*#%@";
    int sum = 0;
    for (std::int64_t r : {row, row + 1})
      for (std::int64_t channel = 0; channel < 3; ++channel) sum += at(image, r, column, channel);
    return std::string(1, kRamp[static_cast<std::size_t>(sum) * (kRamp.size() - 1) / (6 * 255)]);
  }

  std::int64_t height_, width_, channels_;
};

std::string part_text(const char* name, const Dataset& data, const SampleSet& set) {
  if (set.count == 0) return {};
  std::vector<std::int64_t> counted(static_cast<std::size_t>(data.classes));
  for (std::int32_t label : set.labels) ++counted[static_cast<std::size_t>(label)];
  Counts counts;
  for (std::size_t c = 0; c < counted.size(); ++c)
    counts.emplace_back(data.class_names.empty() ? std::to_string(c) : data.class_names[c], counted[c]);
  std::array<std::int64_t, 256> values{};
  for (std::size_t i = 0; i < set.samples.size(); ++i) ++values[set.samples.data()[i]];
  int least = 255, most = 0;
  double mean = 0;
  for (int value = 0; value < 256; ++value) {
    const std::int64_t count = values[static_cast<std::size_t>(value)];
    if (count == 0) continue;
    least = std::min(least, value);
    most = value;
    mean += value * static_cast<double>(count) / static_cast<double>(set.samples.size());
  }
  std::string text = fmt::format("{:<8} {} samples, bytes {} to {}, mean {:.4g}\n", name,
                                 with_commas(set.count), least, most, mean);
  for (std::size_t at = 0; at < counts.size() && at < kMostClasses; ++at)
    text +=
        fmt::format("  {:<20} {:>9}  {:5.1f} %\n", shown(counts[at].first), with_commas(counts[at].second),
                    100 * static_cast<double>(counts[at].second) / static_cast<double>(set.count));
  if (counts.size() > kMostClasses) text += fmt::format("  and {} more\n", counts.size() - kMostClasses);
  return text;
}

// The first image of each of the first classes.
std::string picture(const Dataset& data, bool terminal) {
  const std::vector<std::int64_t>& extents = data.sample_extents;
  if (extents.size() != 3) return {};
  const Picture picture(extents[0], extents[1], extents[2]);
  std::vector<const std::uint8_t*> images;
  for (std::int64_t c = 0; c < data.classes && images.size() < picture.fit(); ++c) {
    auto found = std::ranges::find(data.train.labels, static_cast<std::int32_t>(c));
    if (found == data.train.labels.end()) continue;
    images.push_back(data.train.samples.data() +
                     (found - data.train.labels.begin()) * data.train.sample_elements);
  }
  return "\n" + picture.draw(images, terminal);
}

}  // namespace

std::string summary(const Table& table, const TableSettings& settings) {
  std::string text =
      fmt::format("{}: {} rows, {} columns\n\n", table.name, with_commas(table.rows), table.columns.size());
  std::size_t width = 6;
  for (const Column& column : table.columns) width = std::max(width, shown(column.name).size());
  text += fmt::format("{:<{}}  {:<7}  {:>7}  {:>9}  {}\n", "column", width, "kind", "missing", "different",
                      "values");
  std::string targets;
  for (const Column& column : table.columns) {
    const ColumnFacts facts(column);
    text += column_line(column, facts, table.rows, width);
    const bool target = settings.targets.empty()
                            ? &column == &table.columns.back()
                            : std::ranges::find(settings.targets, column.name) != settings.targets.end();
    if (target) targets += target_line(column, facts, settings, table.rows);
  }
  return text + "\n" + targets;
}

std::string summary(const Dataset& data, bool terminal) {
  return data.source + "\n\n" + part_text("training", data, data.train) + part_text("test", data, data.test) +
         picture(data, terminal);
}

}  // namespace netc::runtime

#include "runtime/csv.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "runtime/csv_cells.h"
#include "runtime/temporary_folder.h"

namespace netc::runtime {
namespace {

struct Read {
  Table table;
  std::string error;  // with the hints
};

Read read(const std::string& text, CsvChoice choice = {}, int threads = 2) {
  TemporaryFolder folder;
  const std::string path = folder.write("t.csv", text);
  Result<Table> table = read_csv(path, choice, threads);
  if (table) return {std::move(*table), {}};
  std::string error = table.error().message;
  error.replace(error.find(path), path.size(), "t.csv");
  for (const std::string& hint : table.error().hints) error += " = " + hint;
  return {{}, error};
}

std::string text_at(const Column& column, std::size_t row) {
  const std::int32_t code = column.codes.at(row);
  return code == kMissingText ? "<missing>" : column.texts.at(static_cast<std::size_t>(code));
}

TEST(Csv, NumbersAndTexts) {
  const Table good = read("a,b\n1,red\n .5 , green \n+7,red\n1e-400,\"red\"\n").table;
  ASSERT_EQ(good.columns.size(), 2u);
  EXPECT_EQ(good.columns[0].numbers, (std::vector<double>{1, 0.5, 7, 0}));
  EXPECT_EQ(good.columns[1].texts, (std::vector<std::string>{"red", "green"}));
  EXPECT_EQ(good.columns[1].codes, (std::vector<std::int32_t>{0, 1, 0, 0}));
  EXPECT_EQ(good.lines, (std::vector<std::uint32_t>{2, 3, 4, 5}));
}

// However they are written: with and without a sign, digits on one side, many digits, an exponent.
TEST(Csv, NumbersAreTheNearestDoubles) {
  std::mt19937_64 random(1);
  std::string text = "a,b\n";
  std::vector<double> expected;
  for (int i = 0; i < 30'000; ++i) {
    std::string digits = std::to_string(random() >> random() % 64);
    const std::size_t point = random() % (digits.size() + 1);
    if (random() % 3 != 0) digits.insert(point, ".");
    if (random() % 2 != 0) digits.insert(0, "-");
    if (random() % 8 == 0) digits += "e" + std::to_string(static_cast<int>(random() % 40) - 20);
    expected.push_back(std::strtod(digits.c_str(), nullptr));
    text += digits + (i % 2 == 0 ? ", " : " \n");
  }
  const Table table = read(text).table;
  ASSERT_EQ(table.columns.size(), 2u);
  ASSERT_EQ(table.rows, 15'000);
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint64_t>(table.columns[i % 2].numbers[i / 2]),
              std::bit_cast<std::uint64_t>(expected[i]))
        << expected[i];
}

TEST(Csv, QuotesHoldSeparatorsLineBreaksAndQuotes) {
  const Table table = read("\"a, \"\"x\"\"\",b\n\"one\ntwo\", 1\r\n\"a,b\",2\n5\" pipe,3\n").table;
  ASSERT_EQ(table.rows, 3);
  EXPECT_EQ(table.columns[0].name, "a, \"x\"");
  EXPECT_EQ(table.columns[0].texts, (std::vector<std::string>{"one\ntwo", "a,b", "5\" pipe"}));
  EXPECT_EQ(table.columns[1].numbers, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(table.lines, (std::vector<std::uint32_t>{2, 4, 5}));
}

TEST(Csv, ByteOrderMarkCrLfEmptyLinesAndNoLastLineBreak) {
  const Table table = read(
                          "\xef\xbb\xbf"
                          "a,b\r\n\r\n1,2\r\n\n3,4")
                          .table;
  ASSERT_EQ(table.rows, 2);
  EXPECT_EQ(table.columns[0].name, "a");
  EXPECT_EQ(table.columns[1].numbers, (std::vector<double>{2, 4}));
  EXPECT_EQ(table.lines, (std::vector<std::uint32_t>{3, 5}));
}

TEST(Csv, MissingCells) {
  const Table table = read("a,b\n1,x\n,\nNA,?\nnan,NULL\n5,None\n").table;
  for (std::size_t row : {1, 2, 3}) EXPECT_TRUE(std::isnan(table.columns[0].numbers[row]));
  EXPECT_EQ(text_at(table.columns[1], 0), "x");
  for (std::size_t row : {1, 2, 3, 4}) EXPECT_EQ(text_at(table.columns[1], row), "<missing>");
}

TEST(Csv, ColumnsAreWhatTheirCellsAreToTheLast) {
  std::string text = "a,b\n";
  for (int i = 0; i < 3000; ++i) text += fmt::format("{},{}\n", i, i < 1500 ? "1" : "x");
  const Table table = read(text).table;
  EXPECT_FALSE(table.columns[0].is_text);
  EXPECT_TRUE(table.columns[1].is_text);
  EXPECT_EQ(table.columns[1].texts, (std::vector<std::string>{"1", "x"}));
}

TEST(Csv, ChosenColumns) {
  const std::string text = "a,b,c\n1,2,3\n4,5,6\n";
  CsvChoice choice;
  choice.columns = {"a"};
  Table table = read(text, choice).table;
  ASSERT_EQ(table.columns.size(), 2u);  // the last one is the target
  EXPECT_EQ(table.columns[1].name, "c");
  choice = {};
  choice.dropped = {"c"};
  choice.always = {"a"};
  choice.texts = {"b"};
  table = read(text, choice).table;
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[1].texts, (std::vector<std::string>{"2", "5"}));
}

TEST(Csv, WithoutHeaderAndOtherSeparators) {
  CsvChoice choice;
  choice.format = {';', false};
  const Table table = read("1;2\n3;4\n", choice).table;
  ASSERT_EQ(table.rows, 2);
  EXPECT_EQ(table.columns[1].name, "2");
}

TEST(Csv, IsTheSameForAnyNumberOfThreads) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("{}.{},t{}\n", i, i % 7, i * 7919 % 501);
  const Table one = read(text, {}, 1).table, three = read(text, {}, 3).table;
  EXPECT_EQ(one.rows, 200'000);
  EXPECT_EQ(one.columns[0].numbers, three.columns[0].numbers);
  EXPECT_EQ(one.columns[1].codes, three.columns[1].codes);
  EXPECT_EQ(one.columns[1].texts, three.columns[1].texts);
  EXPECT_EQ(one.lines, three.lines);
  EXPECT_EQ(one.lines.back(), 200'001u);
}

TEST(Csv, SaysWhatIsWrongAndWhere) {
  const std::string many = [] {
    std::string text = "a,b\n";
    for (int i = 0; i < 50; ++i) text += "1,2\n";
    return text;
  }();
  const std::pair<std::string, std::string> cases[] = {
      {"", "`t.csv` is empty"},
      {"\n\n", "`t.csv` is empty"},
      {"a,b\n1,2\n3\n", "`t.csv`, line 3: the row has 1 cells, but the first row has 2"},
      {"a,b\n1,2,3\n", "`t.csv`, line 2: the row has 3 cells, but the first row has 2"},
      {"a,b,a\n1,2,3\n", "`t.csv`, line 1: two columns are called `a`"},
      {"1,2\n3,4\n",
       "`t.csv`: the first row holds numbers, not the columns' names = with `no_header` the columns are "
       "called 1, 2, ..."},
      {"a,b\n\"x,2\n", "`t.csv`, line 2, column `a`: a quote is not closed"},
      {"a,b\n\"x\"y,2\n", "`t.csv`, line 2, column `a`: `y,2` stands behind the closing quote"},
      {many + "x,2\n",
       "`t.csv`, line 52, column `a`: `x` is not a number, as nearly all of the column are = correct it, "
       "or read the column as texts: `categories(\"a\")`"},
      {many + "inf,2\n",
       "`t.csv`, line 52, column `a`: `inf` is not a number, as nearly all of the column are = correct "
       "it, or read the column as texts: `categories(\"a\")`"},
      {many + "1e999,2\n",
       "`t.csv`, line 52, column `a`: `1e999` is not a number, as nearly all of the column are = "
       "correct it, or read the column as texts: `categories(\"a\")`"},
      {"a,b\nx,1\n\xff\xfe,2\n",
       "`t.csv`, line 3, column `a`: the text is not UTF-8 = `iconv -f latin1 -t utf8` may convert the file"},
      {std::string("a,b\n1,2\n\0\0\0", 11), "`t.csv`, line 3: a zero byte: this is not a text file"},
      {std::string("\xff\xfe"
                   "a\0,\0b\0\n\0",
                   10),
       "`t.csv` is UTF-16, not UTF-8 = `iconv -f utf16 -t utf8` may convert it"},
      {"a,b\r1,2\r", "`t.csv`, line 1: a line ends in CR alone = `tr '\\r' '\\n'` may convert the file"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(read(text).error, error) << text;
}

TEST(Csv, ReadsBlockByBlockAsItIsTold) {
  TemporaryFolder folder;
  const std::string path = folder.write("t.csv", "a,b,c\n1,x,2\n3,y,z\n");
  Result<Table> table = read_csv_as(path, {}, {{"a", CellKind::kNumber}, {"b", CellKind::kText}}, 1);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->columns.size(), 2u);
  table = read_csv_as(path, {}, {{"c", CellKind::kNumber}}, 1);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message, "`" + path + "`, line 3, column `c`: `z` is not a number");
  table = read_csv_as(path, {}, {{"d", CellKind::kNumber}}, 1);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message, "`" + path + "` has no column `d`, which the network is trained with");
}

TEST(Csv, WholeRows) {
  EXPECT_EQ(whole_rows("a,b\nc", ','), 4u);
  EXPECT_EQ(whole_rows("a,\"b\nc\n", ','), 0u);
  EXPECT_EQ(whole_rows("a,\"b\nc\"\"\n\"\nd", ','), 11u);
  EXPECT_EQ(whole_rows("5\"\"\nx\n", ','), 6u);
}

}  // namespace
}  // namespace netc::runtime

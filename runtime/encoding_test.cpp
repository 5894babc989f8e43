#include "runtime/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "runtime/dataset.h"
#include "runtime/temporary_folder.h"

namespace netc::runtime {
namespace {

// A folder with a table in it, and what is asked of it.
class Flowers {
 public:
  explicit Flowers(const std::string& text) {
    request.kind = "csv", request.files = {folder.write("t.csv", text)};
  }

  Result<Dataset> load(std::int64_t validation = 0, Normalization kind = Normalization::kNone) {
    Result<Dataset> data = load_dataset(request, 2);
    if (!data) return data;
    const Split split = split_samples(data->train.count, validation, 1, data->train.labels);
    const Status status = encode_dataset(*data, split.train, kind, request.table.missing, 2);
    return status ? std::move(data) : status.error();
  }
  std::string error() {
    Result<Dataset> data = load();
    if (data) return "";
    std::string text = data.error().message;
    if (const std::size_t at = text.find(folder.path()); at != std::string::npos)
      text.erase(at, folder.path().size() + 1);
    for (const std::string& hint : data.error().hints) text += " = " + hint;
    return text;
  }

  TemporaryFolder folder;
  DataRequest request;
};

// Of the first sample whose first number is `first`.
std::vector<float> sample_with(const Dataset& data, float first) {
  const auto* values = reinterpret_cast<const float*>(data.train.samples.data());
  for (std::int64_t i = 0; i < data.train.count; ++i, values += data.train.sample_elements)
    if (values[0] == first) return {values, values + data.train.sample_elements};
  return {};
}

TEST(Encoding, NumbersAndOneHotTexts) {
  Flowers flowers("x,color,y,kind\n1,red,10,b\n2,green,20,a\n3,,30,b\n4,red,40,a\n");
  const Result<Dataset> data = flowers.load();
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_FALSE(data->bytes);
  EXPECT_EQ(data->sample_extents, std::vector<std::int64_t>{5});
  EXPECT_EQ(data->class_names, (std::vector<std::string>{"a", "b"}));
  // x, then color: "", green, red; then y.
  EXPECT_EQ(sample_with(*data, 2), (std::vector<float>{2, 0, 1, 0, 20}));
  EXPECT_EQ(sample_with(*data, 3), (std::vector<float>{3, 1, 0, 0, 30}));
  EXPECT_EQ(data->notes, std::vector<std::string>{});
}

TEST(Encoding, TheTargetSaysTheTask) {
  Flowers texts("x,y\n1,p\n2,q\n");
  EXPECT_EQ(texts.load()->classes, 2);
  Flowers numbers("x,y\n1,3\n2,10\n5,3\n");
  EXPECT_EQ(numbers.load()->class_names, (std::vector<std::string>{"3", "10"}));
  numbers.request.table.task = Task::kRegression;
  EXPECT_EQ(numbers.load()->classes, 0);
  Flowers real("x,y\n1,0.5\n2,1.5\n");
  EXPECT_EQ(real.load()->classes, 0);
  real.request.table.task = Task::kClasses;
  EXPECT_EQ(real.load()->class_names, (std::vector<std::string>{"0.5", "1.5"}));
  std::string many = "x,y\n";
  for (int i = 0; i < 21; ++i) many += fmt::format("{0},{0}\n", i);
  EXPECT_EQ(Flowers(many).load()->classes, 0);
}

TEST(Encoding, SeveralTargets) {
  Flowers flowers("a,b,c\n1,2,3\n4,5,6\n");
  flowers.request.table.targets = {"c", "a"};
  const Result<Dataset> data = flowers.load();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->targets, 2);
  EXPECT_EQ(sample_with(*data, 5), std::vector<float>{5});
  const std::vector<float>& targets = data->train.targets;
  EXPECT_TRUE(targets == (std::vector<float>{3, 1, 6, 4}) || targets == (std::vector<float>{6, 4, 3, 1}));
}

TEST(Encoding, NormalizesByRowsThatTrainAlone) {
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", 1e6 + i, i * 0.5);
  Flowers flowers(text);
  const Result<Dataset> data = flowers.load(40, Normalization::kStandard);
  ASSERT_TRUE(data);
  const Split split = split_samples(100, 40, 1);
  const auto* values = reinterpret_cast<const float*>(data->train.samples.data());
  double sum = 0, squares = 0;
  for (std::int32_t sample : split.train) {
    sum += values[sample];
    squares += values[sample] * values[sample];
  }
  EXPECT_NEAR(sum / 60, 0, 1e-6);
  EXPECT_NEAR(squares / 60, 1, 1e-6);
}

TEST(Encoding, MissingNumbersAndConstantColumns) {
  const std::string text = "x,z,y\n1,7,0.5\n,7,1.5\n2,7,2.5\n9,7,\n";
  Flowers flowers(text);
  EXPECT_EQ(flowers.error(),
            "`t.csv`, line 5, column `y`: the target is missing = `missing=drop` leaves such rows out");
  flowers.request.table.missing = Missing::kDrop;
  Result<Dataset> data = flowers.load();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->train.count, 2);
  EXPECT_EQ(data->notes, (std::vector<std::string>{"2 rows with missing cells: left out",
                                                   "column `z` is the same in all rows that train"}));
  flowers.request.table.missing = Missing::kError;
  EXPECT_EQ(flowers.error(), "`t.csv`, line 3, column `x`: the cell is missing");
  Flowers filled("x,y\n1,0.5\n,1.5\n2,2.5\n6,3\n");
  data = filled.load();
  EXPECT_FALSE(sample_with(*data, 3).empty());
  ASSERT_EQ(data->notes.size(), 1u);
  EXPECT_EQ(data->notes[0],
            fmt::format("column `x` is missing in 1 row, the first in `{}`, line 3, column `x`: the mean "
                        "of the others stands for it",
                        filled.request.files[0]));
  filled.request.table.missing = Missing::kMedian;
  data = filled.load();
  EXPECT_EQ(
      std::ranges::count(std::span(reinterpret_cast<const float*>(data->train.samples.data()), 4), 2.0f), 2);
}

TEST(Encoding, TextsByTheirTarget) {
  std::string text = "c,y\n";
  for (int i = 0; i < 30; ++i) text += i < 10 ? "a,1.5\n" : i < 29 ? "b,0.5\n" : "c,9.5\n";
  Flowers flowers(text);
  flowers.request.table.encode = CategoryCode::kTarget;
  const Result<Dataset> data = flowers.load();
  ASSERT_TRUE(data);
  const double all = (15 + 9.5 + 9.5) / 30;
  const InputColumn& input = data->encoding->inputs[0];
  ASSERT_EQ(input.means.size(), 4u);
  EXPECT_NEAR(input.means[0], (15 + 10 * all) / 20, 1e-12);
  EXPECT_NEAR(input.means[2], (9.5 + 10 * all) / 11, 1e-12);
  EXPECT_NEAR(input.means[3], all, 1e-12);
}

TEST(Encoding, OfASavedRunEncodesNewRows) {
  Flowers flowers("x,color,y\n1,red,a\n2,green,b\n3,red,b\n5,green,a\n");
  const Result<Dataset> data = flowers.load(0, Normalization::kMinMax);
  ASSERT_TRUE(data);
  const std::string path = flowers.folder.write(kEncodingFile, to_json(*data->encoding));
  const Result<Encoding> encoding = read_encoding(path);
  ASSERT_TRUE(encoding) << encoding.error().message;
  EXPECT_EQ(to_json(*encoding), to_json(*data->encoding));
  // Other order, another column, a new text, a missing number.
  const std::string rows = flowers.folder.write("new.csv", "color,extra,x\nblue,1,3\nred,2,\n");
  Result<RowReader> reader = RowReader::open(rows, *encoding, false);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->unused(), std::vector<std::string>{"extra"});
  const Result<Table> table = reader->next(1);
  const Result<EncodedRows> encoded = encode_rows(*encoding, *table, 1);
  ASSERT_TRUE(encoded);
  const auto* values = reinterpret_cast<const float*>(encoded->samples.data());
  EXPECT_EQ(std::vector<float>(values, values + 6), (std::vector<float>{0.5, 0, 0, 0.4375, 0, 1}));
  ASSERT_EQ(encoded->notes.unknown.size(), 1u);
  EXPECT_EQ(encoded->notes.unknown[0].first, "`" + rows + "`, line 2, column `color`: `blue`");
  EXPECT_EQ(encoded->notes.missing[0].count, 1);
  EXPECT_EQ(reader->next(1)->rows, 0);
}

TEST(Encoding, ADamagedFileIsRefused) {
  Flowers flowers("x,color,y\n1,red,a\n2,green,b\n");
  const std::string good = to_json(*flowers.load()->encoding);
  auto error_of = [&](std::string from, std::string to) {
    std::string text = good;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    Result<Encoding> read = read_encoding(flowers.folder.write("e.json", text));
    return read ? "" : read.error().message.substr(flowers.folder.path().size() + 8, 24);
  };
  EXPECT_EQ(error_of("", ""), "");
  EXPECT_EQ(error_of("\"sample\"", "\"simple\""), "` is damaged: [json.exce");
  EXPECT_EQ(error_of("\"green\",", ""), "` is damaged: its lists ");
  EXPECT_EQ(error_of(" 3\n", " 4\n"), "` is damaged: its lists ");
}

TEST(Encoding, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"x,y\n", "`t.csv` has no rows"},
      {"y\n1\n2\n", "`t.csv` has no column for the inputs: the target is `y`"},
      {"x,y\n1,a\n2,a\n",
       "`t.csv`: the target `y` is `a` in every row = there is nothing to learn from one class"},
      {"x,y\n1,1.5\n2,1.5\n",
       "`t.csv`: the target `y` is 1.5 in every row = there is nothing to learn from it"},
      {"x,y\n,1\n,2\n", "`t.csv`: column `x` holds nothing = leave it out with `drop(\"x\")`"},
      {"x,y\n1,\n2,\n", "`t.csv`: the target `y` holds nothing"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(Flowers(text).error(), error);
  Flowers flowers("x,y\n1,a\n2,b\n");
  flowers.request.table.targets = {"z"};
  EXPECT_EQ(flowers.error(), "`t.csv` has no column `z` = it has `x`, `y`");
  flowers.request.table.targets = {"y"};
  flowers.request.table.task = Task::kRegression;
  EXPECT_EQ(flowers.error(), "`t.csv`: the target `y` is no number, but a text such as `a`");
  flowers.request.table.task = Task::kByTarget;
  flowers.request.files.push_back(flowers.folder.write("u.csv", "x,y\n1,a\n2,c\n"));
  EXPECT_EQ(flowers.error(),
            "`u.csv`, line 3, column `y`: `c` is none of the 2 classes of the rows to train on");
  std::string names = "name,y\n";
  for (int i = 0; i < 101; ++i) names += fmt::format("n{0}x,{1}\n", i, i % 2);
  EXPECT_EQ(Flowers(names).error(),
            "`t.csv`: column `name` holds 101 different texts, and each would be a feature = leave "
            "it out with `drop(\"name\")`, or make numbers of it with `encode=target`");
}

TEST(Encoding, HoldsOutEachClassInItsShare) {
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, i < 80 ? "a" : "b");
  Flowers flowers(text);
  flowers.request.held_out = 25;
  const Result<Dataset> data = flowers.load();
  ASSERT_TRUE(data);
  EXPECT_EQ(data->test.count, 25);
  EXPECT_EQ(std::ranges::count(data->test.labels, 1), 5);
  EXPECT_EQ(std::ranges::count(data->train.labels, 1), 15);
  // The file's order is gone.
  EXPECT_FALSE(std::ranges::is_sorted(data->train.labels));
}

}  // namespace
}  // namespace netc::runtime

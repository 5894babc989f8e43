#include "runtime/prediction_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>

namespace netc::runtime {
namespace {

std::string written(PredictionFormat format, const DataRecord& data, bool probabilities,
                    const std::string& input, std::span<const float> outputs) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  PredictionWriter writer(out, format, data, probabilities);
  writer.write(input, 3, outputs);
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

constexpr auto kCsv = PredictionFormat::kCsv, kJson = PredictionFormat::kJson;

TEST(PredictionWriter, NamesClasses) {
  const DataRecord data{{4}, 3, {"a", "b, c", "\"d\""}};
  const std::array outputs{0.25f, 0.7f, 0.05f};
  EXPECT_EQ(written(kCsv, data, true, "x,y", outputs),
            "input,row,class,p(a),\"p(b, c)\",\"p(\"\"d\"\")\"\n\"x,y\",3,\"b, c\",0.25,0.7,0.05\n");
  EXPECT_EQ(written(kJson, data, true, "x,y", outputs),
            R"({"input":"x,y","row":3,"class":"b, c","probabilities":{"a":0.25,"b, c":0.7,"\"d\"":0.05}})"
            "\n");
}

// A single output is how likely the second of two classes is.
TEST(PredictionWriter, TellsTwoClassesByOneOutput) {
  const DataRecord data{{4}, 2, {}};
  EXPECT_EQ(written(kCsv, data, true, "x", std::array{0.5f}), "input,row,class,p(0),p(1)\nx,3,0,0.5,0.5\n");
  EXPECT_EQ(written(kCsv, data, true, "x", std::array{0.75f}),
            "input,row,class,p(0),p(1)\nx,3,1,0.25,0.75\n");
  EXPECT_EQ(written(kJson, data, false, "x", std::array{2.f, -1e-7f}),
            R"({"input":"x","row":3,"class":"0","outputs":{"0":2,"1":-1e-07}})"
            "\n");
}

TEST(PredictionWriter, WritesNumbers) {
  const DataRecord data{{4}, 0, {}};
  EXPECT_EQ(written(kCsv, data, false, "x", std::array{-3.5f}), "input,row,y\nx,3,-3.5\n");
  EXPECT_EQ(written(kJson, data, false, "x", std::array{std::numeric_limits<float>::infinity()}),
            "{\"input\":\"x\",\"row\":3,\"outputs\":{\"y\":null}}\n");
}

}  // namespace
}  // namespace netc::runtime

#include "compiler/syntax/literals.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

TEST(Literals, Numbers) {
  EXPECT_EQ(read_number("5").value, 5);
  EXPECT_TRUE(read_number("5").integer);
  EXPECT_EQ(read_number(".5").value, 0.5);
  EXPECT_EQ(read_number("2.5e-3").value, 2.5e-3);
  EXPECT_EQ(read_number("1E+5").value, 1e5);
  EXPECT_FALSE(read_number("1e3").integer);
  EXPECT_EQ(read_number("9007199254740992").value, 9007199254740992.0);
  EXPECT_EQ(read_number("4.9e-324").value, 5e-324);
}

TEST(Literals, PercentagesAreShares) {
  EXPECT_EQ(read_percent("10%").value, 0.1);
  EXPECT_EQ(read_percent("12.5%").value, 0.125);
  EXPECT_TRUE(read_percent("10%").percent);
  EXPECT_FALSE(read_percent("10%").integer);
}

TEST(Literals, Extents) {
  EXPECT_EQ(read_extents("28x28x1").values, (std::vector<std::int64_t>{28, 28, 1}));
  EXPECT_EQ(read_extents("0x10").values, (std::vector<std::int64_t>{0, 10}));
}

TEST(Literals, StringsWithEscapes) {
  EXPECT_EQ(read_string(R"("")").value, "");
  EXPECT_EQ(read_string(R"("a \"b\" \\n \n\t é")").value, "a \"b\" \\n \n\t é");
}

}  // namespace
}  // namespace netc

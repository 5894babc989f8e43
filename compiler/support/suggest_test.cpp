#include "compiler/support/suggest.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

const std::vector<std::string> kNames = {"relu", "relu6", "elu", "leaky_relu", "tanh", "x", "Adam"};

TEST(Suggest, FindsTheNearest) {
  EXPECT_EQ(suggest("rleu", kNames), "relu");
  EXPECT_EQ(suggest("rely", kNames), "relu");
  EXPECT_EQ(suggest("relu7", kNames), "relu");
  EXPECT_EQ(suggest("leakyrelu", kNames), "leaky_relu");
  EXPECT_EQ(suggest("lakey_relu", kNames), "leaky_relu");
}

TEST(Suggest, CaseDoesNotMatter) {
  EXPECT_EQ(suggest("TANH", kNames), "tanh");
  EXPECT_EQ(suggest("adam", kNames), "Adam");
  EXPECT_EQ(suggest("RLEU", kNames), "relu");
}

TEST(Suggest, FindsNothingFarAway) {
  EXPECT_EQ(suggest("softmax", kNames), std::nullopt);
  EXPECT_EQ(suggest("", kNames), std::nullopt);
  EXPECT_EQ(suggest("y", kNames), std::nullopt);
  EXPECT_EQ(suggest("relu", {}), std::nullopt);
  EXPECT_EQ(suggest(std::string(100'000, 'r'), kNames), std::nullopt);
}

}  // namespace
}  // namespace netc

#include "runtime/store.h"

#include <gtest/gtest.h>

#include "runtime/philox.h"

namespace netc::runtime {
namespace {

// [3, 20], once with either axis along the vectors.
StoredTensor matrix(bool straight) {
  StoredTensor tensor{"w", {3, 20}, true, {Start::Kind::kUniform, 0.5}, {}, 0};
  tensor.layout = {straight ? 3 : 20, straight ? 20 : 3, straight ? 1 : 20, straight ? 32 : 16, 16};
  tensor.bytes = straight ? 3 * 32 * 4 + 128 : 20 * 16 * 4;
  return tensor;
}

StoredTensor state() { return {"w.m", {2}, false, {Start::Kind::kConstant, 0.25}, {1, 2, 1, 0, 16}, 64}; }

class TwoCopies : public testing::Test {
 protected:
  TwoCopies()
      : rows_(store_.add(matrix(true))), columns_(store_.add(matrix(false))), state_(store_.add(state())) {
    store_.allocate();
    store_.initialize(3);
  }
  Store store_;
  std::size_t rows_, columns_, state_;
};

TEST_F(TwoCopies, AreFoundByNameAndAxis) {
  EXPECT_NE(rows_, columns_);
  EXPECT_EQ(store_.add(matrix(true)), rows_);
  EXPECT_EQ(store_.add(matrix(false)), columns_);
}

TEST_F(TwoCopies, StartAlikeAndAsDocumented) {
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 20; ++c) {
      const auto element = static_cast<std::uint64_t>(20 * r + c);
      const auto wanted =
          static_cast<float>((2 * to_unit(random_bits(3, stream_of("w/init"), 0, element)) - 1) * 0.5);
      EXPECT_EQ(store_.data(rows_)[r * 32 + c / 16 * 16 + c % 16], wanted);
      EXPECT_EQ(store_.data(columns_)[c * 16 + r], wanted);
    }
  }
  EXPECT_EQ(store_.data(state_)[1], 0.25f);
}

TEST_F(TwoCopies, AreOneTensorToTheOutside) {
  EXPECT_EQ(store_.parameter_count(), 60);
  ASSERT_EQ(store_.weights().size(), 1u);
  ASSERT_EQ(store_.everything().size(), 2u);
  EXPECT_EQ(store_.everything()[1].name, "w.m");
  std::vector<NamedTensor> tensors = store_.everything();
  tensors[0].values[25] = 7;
  ASSERT_TRUE(store_.assign(tensors, true));
  EXPECT_EQ(store_.data(rows_)[32 + 5], 7);
  EXPECT_EQ(store_.data(columns_)[5 * 16 + 1], 7);
}

TEST_F(TwoCopies, RefuseWhatDoesNotFit) {
  const std::vector<NamedTensor> before = store_.everything();
  const Status status = store_.assign({{"w", {20, 3}, std::vector<float>(60)}, {"b", {1}, {0}}}, true);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the weights are of another network");
  EXPECT_EQ(status.error().hints,
            (std::vector<std::string>{"`w` is [20, 3], but the network has [3, 20]", "`w.m` [2] is missing",
                                      "the network has no `b` [1]"}));
  EXPECT_EQ(store_.everything()[0].values, before[0].values);
  EXPECT_TRUE(store_.assign({before[0]}, false));
  EXPECT_FALSE(store_.assign({before[0]}, true));
}

}  // namespace
}  // namespace netc::runtime

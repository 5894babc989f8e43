#include "runtime/initial_values.h"

#include <cmath>

#include <gtest/gtest.h>

namespace netc::runtime {
namespace {

using Kind = Start::Kind;

TEST(InitialValues, HaveTheirMeanAndSpread) {
  for (const auto& [kind, deviation] :
       {std::pair{Kind::kUniform, 2 / std::sqrt(3.0)}, {Kind::kNormal, 2.0}}) {
    const std::vector<float> values = initial_values("w", {100, 100}, {kind, 2}, 1);
    double sum = 0, squares = 0;
    for (float value : values) {
      sum += value;
      squares += value * value;
    }
    EXPECT_NEAR(sum / 1e4, 0, 0.06);
    EXPECT_NEAR(std::sqrt(squares / 1e4), deviation, 0.03);
  }
}

TEST(InitialValues, DependOnNameAndSeedAlone) {
  const Start normal{Kind::kNormal, 1};
  EXPECT_EQ(initial_values("w", {7}, normal, 1), initial_values("w", {7}, normal, 1));
  EXPECT_NE(initial_values("w", {7}, normal, 1), initial_values("v", {7}, normal, 1));
  EXPECT_NE(initial_values("w", {7}, normal, 1), initial_values("w", {7}, normal, 2));
}

TEST(InitialValues, OrthogonalRowsOrColumns) {
  for (const auto& [rows, columns] : {std::pair{6, 3}, {3, 6}, {4, 4}, {5, 1}}) {
    const std::vector<float> values = initial_values("w", {rows, columns}, {Kind::kOrthogonal, 0.5}, 3);
    const bool by_rows = rows <= columns;
    const int count = std::min(rows, columns), length = std::max(rows, columns);
    auto at = [&](int vector, int i) {
      return values[by_rows ? vector * columns + i : i * columns + vector];
    };
    for (int a = 0; a < count; ++a) {
      for (int b = 0; b < count; ++b) {
        double product = 0;
        for (int i = 0; i < length; ++i) product += at(a, i) * at(b, i);
        EXPECT_NEAR(product, a == b ? 0.25 : 0, 1e-6) << rows << "x" << columns;
      }
    }
  }
}

}  // namespace
}  // namespace netc::runtime

#include "runtime/cross_validation.h"

#include <gtest/gtest.h>

#include <array>

namespace netc::runtime {
namespace {

FoldReport fold(double loss, double accuracy, std::optional<double> f1) {
  FoldReport report{
      10, loss, {{"accuracy", find_metric("accuracy"), true, {}}, {"f1", find_metric("f1"), true, {}}}};
  report.metrics[0].score.value = accuracy;
  report.metrics[1].score.value = f1;
  return report;
}

TEST(CrossValidation, SaysMeansAndStandardErrors) {
  const std::array folds{fold(0.1, 0.9, 0.8), fold(0.2, 1, 0.9), fold(0.3, 0.8, 1)};
  EXPECT_EQ(cross_validation_line(folds),
            "cv       accuracy 90.00 % ± 5.77   f1 0.9000 ± 0.0577   loss 0.2000 ± 0.0577\n");
  EXPECT_EQ(fold_line(folds[1], 2, 3), "fold 2/3 accuracy 100.00 %   f1 0.9000   loss 0.2000\n");
  EXPECT_EQ(fold_line(folds[1], 2, 10), "fold  2/10 accuracy 100.00 %   f1 0.9000   loss 0.2000\n");
}

// A part without a value is not left out: there is no mean of the others.
TEST(CrossValidation, HasNoMeanOfWhatIsNotDefined) {
  const std::array folds{fold(0.1, 0.9, 0.8), fold(0.2, 1, {})};
  EXPECT_EQ(cross_validation_line(folds),
            "cv       accuracy 95.00 % ± 5.00   f1 undefined   loss 0.1500 ± 0.0500\n");
  EXPECT_EQ(means_of(folds)[1].score.parts, (std::vector<std::optional<double>>{0.8, {}}));
}

TEST(CrossValidation, ComesBackFromItsFile) {
  const std::vector<FoldReport> folds{fold(1. / 3, 0.9, {}), fold(0.2, 1, 0.5)};
  const std::array<ChosenMetric, 2> chosen{{{find_metric("accuracy")}, {find_metric("f1")}}};
  const Result<std::vector<FoldReport>> back = folds_from_json(to_json(folds), chosen);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, folds);
  for (const char* text : {"", "[1]", "{\"a\": 1}", R"([{"samples": 1, "loss": null, "metrics": {}}])"})
    EXPECT_FALSE(folds_from_json(text, chosen)) << text;
}

}  // namespace
}  // namespace netc::runtime
